/** A run's model as it leaves it. */
import type { Dataset } from "../data/dataset.ts";
import type { Model, Tensor } from "../graph/types.ts";
import { withTensors } from "../step/parameters.ts";
import { recordEncoding } from "./encoding.ts";
import { recordPreprocessing } from "./images.ts";
import { recordNormalization } from "./normalization.ts";
import type { Resolved } from "./options.ts";

/** The model with other weights, and in its metadata how samples of the data become its inputs. */
export function published(
  model: Model,
  weights: ReadonlyMap<string, Tensor>,
  { normalization, inputs }: Pick<Resolved, "normalization" | "inputs">,
  { encoding, preprocessing }: Dataset,
): Model {
  const graph = withTensors(model.graph, weights);
  const normalized = recordNormalization({ ...model, graph }, normalization, normalizedBy(inputs));
  return recordPreprocessing(recordEncoding(normalized, encoding), preprocessing);
}

/** The input that is normalized, of several. */
const normalizedBy = (inputs: Resolved["inputs"]): string | undefined => inputs.find((i) => i.normalization)?.input;
