/** Real samples to compare models on, beside random inputs. */
import { type Dataset, type Engine, type Inputs, type Model, modelInputs, type Normalization } from "espalier";

const COUNT = 64;

/** One run of test samples, in the form the model wants; none without data. */
export async function realInputs(
  model: Model,
  data: Dataset | undefined,
  engine: Engine,
  normalization: Normalization | null | undefined,
): Promise<Inputs[]> {
  if (!data) return [];
  const [input] = model.graph.inputs;
  const fixed = input && typeof model.dims.get(input.name)?.[0] !== "string";
  return [await modelInputs(model, data, { engine, count: fixed ? input.shape[0] : COUNT, normalization })];
}
