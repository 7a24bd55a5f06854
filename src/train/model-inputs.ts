/** Real samples in the form a model's own input wants, for verifying and timing. */

import { fillBatch } from "../data/batches.ts";
import type { Dataset } from "../data/dataset.ts";
import { type Engine, runOnce } from "../engine/engine.ts";
import { aDataset, aModel, anEngine, anObject, wants } from "../given.ts";
import { builder } from "../graph/builder.ts";
import type { Model, Tensor } from "../graph/types.ts";
import { encode } from "../onnx/write.ts";
import { applyInput, type Normalization } from "../step/input.ts";
import { checkInput, forSamples, normalizationOf, travelsAs } from "./input.ts";

/** Options of `modelInputs`. */
export interface ModelInputsOptions {
  readonly engine: Engine;
  /** How many samples, from the start of the test split. */
  readonly count: number;
  /** As for `evaluate`. */
  readonly normalization?: Normalization | null;
}

/**
 * The first test samples, normalized, as the feeds of a model: `{ [input name]: float32 [count, …] }`.
 * @throws EspalierError when the data does not fit the model
 */
export async function modelInputs(
  model: Model,
  data: Dataset,
  given: ModelInputsOptions,
): Promise<Record<string, Tensor>> {
  wants(
    "modelInputs",
    ["model", aModel, model],
    ["data", aDataset, data],
    ["options", anObject, given],
    ["engine", anEngine, given, "engine"],
  );
  const { engine, count, ...options } = given;
  const input = checkInput(forSamples(model, data.shape), data.shape);
  const n = Math.min(count, data.test.count);
  const normalization = normalizationOf(model, data, options.normalization);
  const { x } = fillBatch(data.test, data.shape, undefined, 0, n);
  const dtype = travelsAs(x);
  const g = builder("input");
  const raw = g.input("x", dtype, [n, ...data.shape]);
  const wanted = { ...input, shape: [n, ...input.shape.slice(1)] };
  g.output(g.Identity(applyInput(g, raw, { dtype, sample: data.shape, normalization }, wanted)), "y");
  const session = await engine.load(encode(g.build()));
  try {
    const { y } = await runOnce(session, engine, { x: { dtype, shape: raw.shape, data: x } });
    return { [input.name]: y as Tensor };
  } finally {
    await session.release();
  }
}
