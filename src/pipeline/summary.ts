/** The figures of a finished run, as summary.json keeps them. */
import type { Model } from "../graph/types.ts";
import type { Tuning } from "../lower/tuning/tuning.ts";
import { isLossy } from "../report/low-rank.ts";
import type { Collapse, LowRank, Summary, TunedStep } from "../report/results.ts";
import { cost } from "../shrink/cost.ts";
import type { Inspection } from "../shrink/inspect.ts";
import type { Verification } from "../shrink/verify.ts";
import type { Run } from "../train/run.ts";
import type { Measured } from "./measure.ts";

/** A run's model before and after shrinking. */
export interface ShrunkRun {
  /** As trained, composed back. */
  readonly full: Model;
  readonly small: Model;
  readonly lowRank: LowRank | undefined;
  /** What compared them: shrinking alone, and the whole way where truncation is none but rounding. */
  readonly verifications: readonly Verification[];
}

/** @param found the lambda that a search found */
export function summaryOf(
  run: Run,
  { full, small, lowRank, verifications }: ShrunkRun,
  { scores: { before, after }, bytes, latencies, latency }: Measured,
  inspection: Inspection,
  found: number | undefined,
  collapse?: Collapse,
): Summary {
  const { history } = run;
  const last = history[history.length - 1];
  const [costBefore, costAfter] = [cost(full), cost(small)];
  return {
    ...(run.baseline && { baseline: run.baseline }),
    accuracy: before.accuracy,
    smallAccuracy: after.accuracy,
    ...(collapse && { collapse }),
    loss: before.loss,
    smallLoss: after.loss,
    prunes: run.prunes,
    ...(found !== undefined && { lambda: found }),
    groupSparsity: last.groupSparsity,
    weightedGroupSparsity: last.weightedGroupSparsity,
    elementSparsity: last.elementSparsity,
    inputChannel: last.inputChannel,
    ...(last.ranks && { lowRankLevel: last.lowRankLevel, ranks: last.ranks }),
    layers: Object.fromEntries(inspection.layers.map((l) => [l.weight, { groups: l.groups, zero: l.zeroGroups }])),
    params: { before: costBefore.params, after: costAfter.params },
    macs: { before: costBefore.macs, after: costAfter.macs },
    bytes,
    latencyMs: latencies[0],
    latencyMsBatch128: latencies[1] ?? latencies[0],
    ...(latency && { latency }),
    ...(lowRank && { lowRank }),
    ...(run.memory && { memory: run.memory }),
    ...(run.tuning && { tuning: tunedStep(run.tuning) }),
    maxAbsDiff: Math.max(...verifications.map((v) => v.maxAbs)),
    maxRelDiff: Math.max(...verifications.map((v) => v.maxRel)),
    epochs: history.length,
    seconds: history.reduce((sum, m) => sum + m.seconds, lowRank?.seconds ?? 0),
    msPerStep: history.reduce((sum, m) => sum + m.msPerStep, 0) / history.length,
    structureStableSince: run.structureStableSince,
  };
}

const tunedStep = ({ engine, seconds = 0, took, gained = false }: Tuning): TunedStep => ({
  engine,
  seconds,
  took: took ?? null,
  gained,
});

/** The comparisons that bound what the small model may differ by: all the way, unless what was truncated is meant to differ. */
export const bounding = (shrinking: Verification, whole: Verification | undefined, lowRank: LowRank | undefined) =>
  whole && !isLossy({ lowRank }) ? [whole, shrinking] : [shrinking];
