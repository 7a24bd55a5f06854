/** Real samples to compare models on, beside random inputs. */

import type { Dataset } from "../data/dataset.ts";
import type { Engine } from "../engine/engine.ts";
import { aDataset, aModel, anEngine, maybe, wants } from "../given.ts";
import { declaredBatch } from "../graph/bind.ts";
import type { Model } from "../graph/types.ts";
import type { Inputs } from "../shrink/verify.ts";
import type { Normalization } from "../step/input.ts";
import { modelInputs } from "../train/model-inputs.ts";

const COUNT = 64;

/**
 * The first test samples in the form the model wants, as the `inputs` of `shrink` and `verify`: one run of 64 of them, or of the
 * model's own batch size where that is fixed; none without data.
 * @param normalization as of `evaluate`
 * @throws EspalierError when the data does not fit the model
 */
export async function realInputs(
  model: Model,
  data: Dataset | undefined,
  engine: Engine,
  normalization?: Normalization | null,
): Promise<Inputs[]> {
  wants("realInputs", ["model", aModel, model], ["data", maybe(aDataset), data], ["engine", anEngine, engine]);
  if (!data) return [];
  const [input] = model.graph.inputs;
  const count = input && declaredBatch(model) === undefined ? input.shape[0] : COUNT;
  return [await modelInputs(model, data, { engine, count, normalization })];
}
