/** Real samples in the form a model's own input wants, for verifying and timing. */

import type { Dataset } from "../data/dataset.ts";
import { samplesAt } from "../data/source.ts";
import { type Engine, runOnce } from "../engine/engine.ts";
import { aDataset, aModel, anEngine, anObject, wants } from "../given.ts";
import { builder } from "../graph/builder.ts";
import type { Model, Tensor } from "../graph/types.ts";
import { encode } from "../onnx/write.ts";
import { applyInput, type Normalization } from "../step/input.ts";
import { names } from "../step/names.ts";
import { batchFeeds } from "./feeds.ts";
import { checkInputs, forSamples, inputPlans } from "./inputs.ts";
import { normalizationOf } from "./normalization.ts";

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
  const bound = forSamples(model, data);
  checkInputs(bound, data);
  const n = Math.min(count, data.test.count);
  const batch = await samplesAt(data.test, undefined, 0, n);
  const plans = inputPlans(bound, { ...data, train: data.test }, normalizationOf(model, data, options.normalization));
  const g = builder("input");
  bound.graph.inputs.forEach((input, i) => {
    const plan = plans[i];
    const raw = g.input(`x/${i}`, plan.dtype, [n, ...plan.sample]);
    const wanted = { ...input, shape: [n, ...input.shape.slice(1)] };
    g.output(g.Identity(applyInput(g, raw, plan, wanted)), `y/${i}`);
  });
  const feeds = batchFeeds(batch, plans, []);
  const fed = plans.map(
    (plan, i) => [`x/${i}`, feeds[plan.more === undefined ? names.x : names.more(plan.more)]] as const,
  );
  const session = await engine.load(encode(g.build()));
  try {
    const out = await runOnce(session, engine, Object.fromEntries(fed));
    return Object.fromEntries(bound.graph.inputs.map((input, i) => [input.name, out[`y/${i}`] as Tensor]));
  } finally {
    await session.release();
  }
}
