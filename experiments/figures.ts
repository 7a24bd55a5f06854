/** The figures of one finished run, its shrunk model included. */
import { type BeforeAfter, type Engine, finish, percent, type Run, type Summary, timeModels, write } from "espalier";
import { othersDuring, QUIET, quiet } from "../bench/machine.ts";

type Sparsity = Pick<Summary, "groupSparsity" | "weightedGroupSparsity" | "inputChannel">;

export interface Figures extends Sparsity {
  readonly testAccuracy: number;
  readonly smallAccuracy: number;
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
 * Finishes a run — shrinks it, verifies it on real samples, evaluates — and times it while the machine is quiet.
 * @param wait seconds to wait, at most, for that
 */
export async function figuresOf(run: Run, engine: Engine, wait: number): Promise<Figures> {
  const { full, small, summary } = await finish(run);
  const timed = [full, small].map((model) => ({ model, bytes: write(model) }));
  return {
    testAccuracy: summary.accuracy ?? 0,
    smallAccuracy: summary.smallAccuracy ?? 0,
    groupSparsity: summary.groupSparsity,
    weightedGroupSparsity: summary.weightedGroupSparsity,
    inputChannel: summary.inputChannel,
    params: summary.params,
    macs: summary.macs,
    bytes: summary.bytes,
    ...(await quietly(() => timeModels(engine, timed, 128), wait)),
    maxAbsDiff: summary.maxAbsDiff,
    maxRelDiff: summary.maxRelDiff,
    stableSince: summary.structureStableSince,
    seconds: summary.seconds,
    msPerStep: summary.msPerStep,
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
