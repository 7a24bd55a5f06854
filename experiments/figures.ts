/** The figures of one finished run, its shrunk model included. */
import {
  type BeforeAfter,
  cost,
  type Dataset,
  type Engine,
  evaluate,
  latency,
  modelInputs,
  percent,
  type Run,
  shrink,
  write,
} from "espalier";
import { othersDuring, QUIET, quiet } from "../bench/machine.ts";

export interface Figures {
  readonly testAccuracy: number;
  readonly smallAccuracy: number;
  readonly groupSparsity: number;
  readonly weightedGroupSparsity: number;
  readonly inputChannel: { readonly groupSparsity: number; readonly weightedGroupSparsity: number };
  readonly params: BeforeAfter;
  readonly macs: BeforeAfter;
  readonly bytes: BeforeAfter;
  /** Median milliseconds at batch 128; null where the machine was not quiet. */
  readonly latencyMs: BeforeAfter | null;
  /** Cores that other programs used while latencies were measured, at the quietest try. */
  readonly othersCores: number;
  readonly maxAbsDiff: number;
  readonly maxRelDiff: number;
  readonly stableSince: number | null;
  readonly seconds: number;
  readonly msPerStep: number;
}

/** The latencies of one quiet moment; null when there was none within so many seconds. */
async function quietly(
  measure: () => Promise<number[]>,
  wait: number,
): Promise<Pick<Figures, "latencyMs" | "othersCores">> {
  const end = performance.now() + wait * 1000;
  let least = Number.POSITIVE_INFINITY;
  do {
    await quiet((end - performance.now()) / 1000);
    const { result, cores } = await othersDuring(measure);
    if (cores <= QUIET) return { latencyMs: { before: result[0], after: result[1] }, othersCores: cores };
    least = Math.min(least, cores);
  } while (performance.now() < end);
  return { latencyMs: null, othersCores: least };
}

/**
 * Shrinks, verifies on real samples, evaluates and times.
 * @param wait seconds to wait, at most, for a quiet machine
 */
export async function figuresOf(run: Run, data: Dataset, engine: Engine, wait: number): Promise<Figures> {
  const inputs = await modelInputs(run.model, data, { engine, count: 128 });
  const { model: small, verification } = await shrink(run.model, { engine, inputs: [inputs] });
  const [a, b] = [cost(run.model), cost(small)];
  const bytes = [write(run.model), write(small)];
  const sides = bytes.map((file) => ({ bytes: file, feeds: inputs }));
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
    ...(await quietly(() => latency(engine, sides), wait)),
    maxAbsDiff: verification.maxAbs,
    maxRelDiff: verification.maxRel,
    stableSince: run.structureStableSince,
    seconds: run.history.reduce((s, m) => s + m.seconds, 0),
    msPerStep: last.msPerStep,
  };
}

/** The gist of a row, for the terminal. */
export const gist = ({ testAccuracy, smallAccuracy, params, latencyMs, othersCores }: Figures): string =>
  [
    `${percent(testAccuracy)} (small ${percent(smallAccuracy)})`,
    `parameters kept ${percent(params.after / params.before)}`,
    latencyMs
      ? `latency ${latencyMs.before.toFixed(2)} → ${latencyMs.after.toFixed(2)} ms`
      : `no latency, other programs used ${othersCores.toFixed(1)} cores`,
  ].join(", ");
