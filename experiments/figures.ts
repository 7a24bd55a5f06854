/** The figures of one finished run, its shrunk model included. */
import {
  type BeforeAfter,
  cost,
  type Dataset,
  type Engine,
  evaluate,
  latency,
  modelInputs,
  type Run,
  shrink,
  write,
} from "espalier";

export interface Figures {
  readonly testAccuracy: number;
  readonly smallAccuracy: number;
  readonly groupSparsity: number;
  readonly weightedGroupSparsity: number;
  readonly inputChannel: { readonly groupSparsity: number; readonly weightedGroupSparsity: number };
  readonly params: BeforeAfter;
  readonly macs: BeforeAfter;
  readonly bytes: BeforeAfter;
  /** Median milliseconds at batch 128. */
  readonly latencyMs: BeforeAfter;
  readonly maxAbsDiff: number;
  readonly maxRelDiff: number;
  readonly stableSince: number | null;
  readonly seconds: number;
  readonly msPerStep: number;
}

/** Shrinks, verifies on real samples, evaluates and times. */
export async function figuresOf(run: Run, data: Dataset, engine: Engine): Promise<Figures> {
  const inputs = await modelInputs(run.model, data, { engine, count: 128 });
  const { model: small, verification } = await shrink(run.model, { engine, inputs: [inputs] });
  const [a, b] = [cost(run.model), cost(small)];
  const bytes = [write(run.model), write(small)];
  const times = await latency(engine, [
    { bytes: bytes[0], feeds: inputs },
    { bytes: bytes[1], feeds: inputs },
  ]);
  const last = run.history.at(-1)!;
  return {
    testAccuracy: last.testAccuracy ?? 0,
    smallAccuracy: (await evaluate(small, data, { engine })).accuracy ?? 0,
    groupSparsity: last.groupSparsity,
    weightedGroupSparsity: last.weightedGroupSparsity,
    inputChannel: last.inputChannel,
    params: { before: a.params, after: b.params },
    macs: { before: a.macs, after: b.macs },
    bytes: { before: bytes[0].length, after: bytes[1].length },
    latencyMs: { before: times[0], after: times[1] },
    maxAbsDiff: verification.maxAbs,
    maxRelDiff: verification.maxRel,
    stableSince: run.structureStableSince,
    seconds: run.history.reduce((s, m) => s + m.seconds, 0),
    msPerStep: last.msPerStep,
  };
}
