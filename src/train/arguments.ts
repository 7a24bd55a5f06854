/** What `train` was given: every argument and option of its kind, before anything looks inside. */
import type { Dataset } from "../data/dataset.ts";
import {
  aCommunicator,
  aDataset,
  aFunction,
  aList,
  aLossOrSome,
  aModel,
  aNumber,
  anArray,
  anEngine,
  anObject,
  anOptimizer,
  aPenalty,
  aSchedule,
  aSignal,
  aSteering,
  aStore,
  aSwitch,
  aText,
  type Kind,
  maybe,
  oneOfKinds,
  orNull,
  wants,
} from "../given.ts";
import type { Model } from "../graph/types.ts";
import type { TrainOptions } from "./options.ts";

const kinds: Readonly<Record<keyof TrainOptions, Kind>> = {
  engine: anEngine,
  optimizer: anOptimizer,
  schedule: aSchedule,
  penalty: maybe(aPenalty),
  target: maybe(aSteering),
  loss: maybe(aLossOrSome),
  output: maybe(aText),
  distill: maybe(anObject),
  epochs: maybe(aNumber),
  steps: maybe(aNumber),
  shuffle: maybe(aSwitch),
  order: maybe(oneOfKinds(aList, anArray)),
  evalEvery: maybe(aNumber),
  logSteps: maybe(aSwitch),
  lambdaWarmup: maybe(aNumber),
  shrinkEvery: maybe(oneOfKinds(aNumber, { wanted: "false", holds: (x) => x === false })),
  shrinkAfter: maybe(aNumber),
  batchSize: maybe(aNumber),
  accumulate: maybe(aNumber),
  seed: maybe(aNumber),
  freeze: maybe(aList),
  trainOnly: maybe(aList),
  augment: orNull(anObject),
  normalization: orNull(anObject),
  preciseStatistics: maybe(oneOfKinds(aNumber, { wanted: "false", holds: (x) => x === false })),
  baseline: maybe(aSwitch),
  store: maybe(aStore),
  communicator: maybe(aCommunicator),
  syncBatchNorm: maybe(aSwitch),
  resume: maybe(aSwitch),
  overwrite: maybe(aSwitch),
  checkpointSeconds: maybe(aNumber),
  tune: maybe(oneOfKinds(anObject, { wanted: "false", holds: (x) => x === false })),
  recompute: maybe(aSwitch),
  signal: maybe(aSignal),
  onProgress: maybe(aFunction),
  onBaseline: maybe(aFunction),
  onMemory: maybe(aFunction),
};

/** @throws UsageError naming the argument or option that is of the wrong kind, or unknown */
export function checkArguments(model: Model, data: Dataset, options: TrainOptions): void {
  wants("train", ["model", aModel, model], ["data", aDataset, data], ["options", anObject, options]);
  wants("train", ...Object.entries(kinds).map(([key, kind]) => [key, kind, options, key] as const));
}
