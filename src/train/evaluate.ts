/** Loss and accuracy of a finished model, outside training. */

import { checkSplit } from "../data/check.ts";
import type { Dataset } from "../data/dataset.ts";
import type { Split } from "../data/split.ts";
import { aDataset, aLossOrSome, aModel, anEngine, anObject, maybe, wants } from "../given.ts";
import type { Model } from "../graph/types.ts";
import { Evaluator, type ScoringOptions } from "./evaluator.ts";
import { checkSamplesApart } from "./samples-apart.ts";
import type { Score } from "./score.ts";

/** Options of `evaluate`. */
export interface EvaluateOptions extends ScoringOptions {
  /** Default: the test split. */
  readonly split?: Split;
}

/**
 * Mean loss and accuracy of a model on a split of a data set.
 * @throws EspalierError when the data does not fit the model
 */
export async function evaluate(model: Model, data: Dataset, options: EvaluateOptions): Promise<Score> {
  wants(
    "evaluate",
    ["model", aModel, model],
    ["data", aDataset, data],
    ["options", anObject, options],
    ["engine", anEngine, options, "engine"],
    ["loss", maybe(aLossOrSome), options, "loss"],
  );
  const evaluator = new Evaluator(model, data, options);
  await checkSamplesApart(model, options.engine);
  if (options.split) checkSplit(options.split, data, "given");
  try {
    return await evaluator.score(options.split ?? data.test);
  } finally {
    await evaluator.release();
  }
}
