/** From the choices of a run to the options of the library's `train` and `finish`. */
import {
  type Engine,
  type FinishOptions,
  factorPatterns,
  type LatencyTable,
  type Model,
  type TrainOptions,
} from "espalier";
import type { RunChoices } from "./choices.ts";
import { normalizationSetting } from "./data-fields.ts";
import { distillOptions } from "./distill-fields.ts";
import { methods } from "./methods.ts";
import { rankRule } from "./rank-fields.ts";
import { steeringOf } from "./target-fields.ts";

/** What is read from files beside the model. */
export interface Given {
  /** Of a run that distils. */
  readonly teacher?: Model;
  /** In which samples come. */
  readonly order?: Uint32Array;
  /** Of a run that is steered to a time. */
  readonly latency?: LatencyTable;
}

/** Of `train`, but for where it keeps its files. */
export const trainOptions = (
  s: RunChoices,
  model: Model,
  engine: Engine,
  { teacher, order, latency }: Given = {},
): TrainOptions => ({
  engine,
  ...methods({ ...s, ...(s.layers && { layers: [...factorPatterns(model, s.layers)] }) }),
  ...(s.steps === undefined ? { epochs: s.epochs } : { steps: s.steps }),
  shuffle: s.shuffle,
  order,
  evalEvery: s.evalEvery,
  logSteps: s.logSteps,
  batchSize: s.batchSize,
  accumulate: s.accumulate,
  syncBatchNorm: s.syncBatchNorm,
  recompute: s.recompute,
  seed: s.seed,
  output: s.output,
  distill: distillOptions(s, teacher),
  freeze: s.freeze,
  trainOnly: s.trainOnly,
  lambdaWarmup: s.lambdaWarmup,
  target: steeringOf(s, { engine, latency }),
  shrinkEvery: s.shrinkEvery === "off" ? false : s.shrinkEvery,
  shrinkAfter: s.shrinkAfter,
  augment: augmentation(s.augment),
  normalization: normalizationSetting(s.normalize),
  ...statistics(s),
  baseline: s.baseline,
});

/** How singular values are truncated, if they are. */
export const rankOptions = (s: RunChoices): Pick<FinishOptions, "rank" | "fineTune" | "preciseStatistics"> => ({
  ...statistics(s),
  ...(s.rankRule && {
    rank: rankRule(
      { rule: s.rankRule, keep: s.rankKeep, tolerance: s.rankTolerance, relative: s.rankRelative },
      "rank-",
    ),
  }),
  fineTune: s.fineTune,
});

/** How running statistics are taken anew; nothing where nothing is said. */
const statistics = ({ preciseStatistics: n }: RunChoices): Pick<TrainOptions, "preciseStatistics"> =>
  n === undefined ? {} : { preciseStatistics: n === "off" ? false : n };

/** How training images are varied: null = not, undefined = as the data set says. */
const augmentation = (how: RunChoices["augment"]): TrainOptions["augment"] =>
  how === "none" ? null : how === "auto" ? undefined : how;
