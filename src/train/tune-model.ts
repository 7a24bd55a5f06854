/** Times the formulations of a model's training step, before anybody knows the data. */
import { backward } from "../autodiff/backward.ts";
import { checkInteger } from "../checks.ts";
import type { Engine } from "../engine/engine.ts";
import { aModel, anEngine, anObject, wants } from "../given.ts";
import { atBatch } from "../graph/bind.ts";
import { builder } from "../graph/builder.ts";
import type { Graph, Model, Value } from "../graph/types.ts";
import { withoutUnread } from "../graph/walk.ts";
import { type Tuned, type TuneOptions, tune } from "../lower/tuning/tune.ts";
import { forward } from "../step/forward.ts";
import { parameters } from "../step/parameters.ts";
import { checkDynamicBatch } from "./inputs.ts";
import { checkOperators } from "./operators.ts";

/** Options of `tune` for a run. */
export interface RunTuneOptions extends TuneOptions {
  /**
   * "long": only a run that is long enough for it to pay, and whose engine keeps what was found: on the CPU, in one process, expected
   * to train ten minutes or more. Default "always".
   */
  readonly when?: "always" | "long";
}

/** Options of `tuneModel`. */
export interface TuneModelOptions extends TuneOptions {
  readonly engine: Engine;
  /** Default 128. */
  readonly batchSize?: number;
}

/**
 * Times the formulations of a model's forward pass and gradients at a batch size; what is found goes into the cache, from which
 * `train` takes it.
 * @returns the plan, and what each site's formulations and the whole took
 * @throws EspalierError when the model cannot be trained, or has a fixed batch
 */
export async function tuneModel(model: Model, options: TuneModelOptions): Promise<Tuned> {
  wants("tuneModel", ["model", aModel, model], ["options", anObject, options], ["engine", anEngine, options, "engine"]);
  const { engine, batchSize = 128, ...rest } = options;
  checkInteger("batchSize", batchSize, 1);
  checkDynamicBatch(model);
  checkOperators(model.graph, "gradient");
  return tune(costlyPasses(atBatch(model, batchSize)), engine, rest);
}

/** Forward and backward of the sum of squares of the first output. */
function costlyPasses(graph: Graph): Graph {
  const g = builder("passes");
  const { trained, running } = parameters(graph);
  const given = new Map<Value, Value>();
  for (const v of [...graph.inputs, ...trained, ...running]) given.set(v, g.input(v.name, v.dtype, v.shape));
  const { map, overrides } = forward(g, graph, given, "training");
  const y = map.get(graph.outputs[0])!;
  const wrt = trained.map((v) => given.get(v)!);
  const gradients = backward(g, g.ReduceSum(g.Mul(y, y), { keepdims: 0 }), wrt, overrides);
  wrt.forEach((v, i) => void g.output(gradients.get(v)!, `gradient/${i}`));
  return withoutUnread(g.build());
}
