/** `train`: describes a run. Iterating it trains, one epoch at a time; everything in between is in run.ts. */
import type { Dataset } from "../data/dataset.ts";
import type { Model } from "../graph/types.ts";
import { checkArguments } from "./arguments.ts";
import { forSamples } from "./inputs.ts";
import { resolveOptions, type TrainOptions } from "./options.ts";
import { Run } from "./run.ts";

/**
 * Trains a model on a data set.
 * ```ts
 * const run = train(model, data, { engine: node(), optimizer: rmda(), schedule: multiStep({ lr: 0.1, milestones: [9, 15] }),
 *   penalty: groupLasso({ lambda: 1e-4 }), epochs: 24 });
 * for await (const epoch of run) console.log(epoch.loss, epoch.testAccuracy, epoch.groupSparsity);
 * run.model; // the trained model
 * ```
 * @throws UsageError, EspalierError at once, when options, model and data do not fit together
 */
export function train(model: Model, data: Dataset, options: TrainOptions): Run {
  checkArguments(model, data, options);
  const bound = forSamples(model, data);
  return new Run(bound, data, resolveOptions(bound, data, options));
}
