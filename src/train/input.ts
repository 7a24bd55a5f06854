/** From a batch as it travels to what the model's input wants: images come as uint8 and are normalized in the graph. */

import type { Dataset } from "../data/dataset.ts";
import type { Split } from "../data/split.ts";
import { EspalierError, UsageError } from "../error.ts";
import type { Builder } from "../graph/builder.ts";
import { f32, size } from "../graph/tensor.ts";
import type { Model, Value } from "../graph/types.ts";

/** Per-channel statistics of pixels scaled to [0, 1]. */
export interface Normalization {
  readonly mean: readonly number[];
  readonly std: readonly number[];
}

export interface InputPlan {
  /** How a batch travels. */
  readonly dtype: "uint8" | "float32";
  /** Shape of one sample as the data set has it, for example [1, 28, 28]. */
  readonly sample: readonly number[];
  /** Undefined: values are used as they are (uint8 still becomes float). */
  readonly normalization?: Normalization;
}

/** How the samples of a split travel. */
export const travelsAs = (x: Split["x"]): InputPlan["dtype"] => (x instanceof Uint8Array ? "uint8" : "float32");

/** Emits cast, scaling and reshape; the result stands in for the model's input. */
export function applyInput(g: Builder, x: Value, plan: InputPlan, wanted: Value): Value {
  const [n] = wanted.shape;
  let v = plan.dtype === "uint8" ? g.Cast(x, { to: "float32" }) : x;
  if (plan.normalization) {
    const { mean, std } = plan.normalization;
    const scale = plan.dtype === "uint8" ? 255 : 1;
    const shape = [1, mean.length, ...plan.sample.slice(1).map(() => 1)];
    const factor = f32(
      std.map((s) => 1 / (scale * s)),
      shape,
    );
    const offset = f32(
      mean.map((m, i) => m / std[i]),
      shape,
    );
    v = g.Sub(g.Mul(v, g.constant(factor)), g.constant(offset)); // (x/255 − mean) / std
  }
  return v.shape.join() === wanted.shape.join() ? v : g.Reshape(v, { shape: [n, ...wanted.shape.slice(1)] });
}

/**
 * Checks that samples of a data set fit a model's input.
 * @throws EspalierError naming both shapes
 */
export function checkInput(model: Model, sample: readonly number[]): Value {
  const { inputs } = model.graph;
  if (inputs.length !== 1)
    throw new EspalierError("the model must have exactly one input", {
      got: inputs.map((v) => v.name).join(", ") || "none",
    });
  const [input] = inputs;
  const wanted = input.shape.slice(1);
  const same = wanted.join() === sample.join();
  const flat = size(wanted) === size(sample) && (wanted.length === 1 || sample.length === 1);
  if (input.dtype !== "float32" || !(same || flat))
    throw new EspalierError(
      "the data does not fit the model's input",
      { input: input.name, got: `[N,${sample}]`, wanted: `${input.dtype}[N,${wanted}]` },
      "choose a model for this image size, or another data set",
    );
  return input;
}

/**
 * Checks that a model takes batches of any size.
 * @throws EspalierError when its batch size is fixed, or when another axis of its input is dynamic
 */
export function checkDynamicBatch({ graph, dims }: Model): void {
  for (const { name, shape } of graph.inputs) {
    const [batch, ...sample] = dims.get(name) ?? shape;
    if (typeof batch === "string" && sample.every((d) => typeof d === "number")) continue;
    throw new EspalierError(
      "the model does not take batches of any size",
      { input: name, got: `[${[batch, ...sample]}]`, wanted: `[batch,${shape.slice(1)}]` },
      "export the model with a dynamic batch axis, and no other (torch.onnx.export: dynamic_axes or dynamic_shapes)",
    );
  }
}

const KEYS = { mean: "espalier.mean", std: "espalier.std", layout: "espalier.layout" };
const NONE = "none";

/** The model with its normalization (undefined = values as they are) recorded in metadata_props, for `evaluate`. */
export function recordNormalization(model: Model, n: Normalization | undefined): Model {
  const metadata = new Map(model.metadata);
  metadata.set(KEYS.mean, n ? n.mean.join(" ") : NONE);
  metadata.set(KEYS.std, n ? n.std.join(" ") : NONE);
  metadata.set(KEYS.layout, "NCHW");
  return { ...model, metadata };
}

/** What metadata_props say of the normalization: null = values as they are, undefined = nothing is said. */
function recordedNormalization(model: Model): Normalization | null | undefined {
  const mean = model.metadata.get(KEYS.mean);
  const std = model.metadata.get(KEYS.std);
  if (mean === undefined || std === undefined) return undefined;
  if (mean === NONE) return null;
  return { mean: mean.split(" ").map(Number), std: std.split(" ").map(Number) };
}

/**
 * The normalization that `train` and `evaluate` use; undefined = values as they are.
 * @param given what the caller asks for: null = none. Default: what the model's metadata records, else the data set's own
 * @throws UsageError when it is not valid or does not fit the data's channels
 */
export function normalizationOf(
  model: Model,
  data: Dataset,
  given: Normalization | null | undefined = recordedNormalization(model),
): Normalization | undefined {
  const own = data.mean && data.std ? { mean: data.mean, std: data.std } : null;
  const normalization = given === undefined ? own : given;
  if (normalization) checkNormalization(normalization, data.shape.length === 3 ? data.shape[0] : 1);
  return normalization ?? undefined;
}

function checkNormalization({ mean, std }: Normalization, channels: number): void {
  const got = `mean ${mean.join(" ")}, std ${std.join(" ")}`;
  if (
    mean.length !== channels ||
    std.length !== channels ||
    ![...mean, ...std].every(Number.isFinite) ||
    !std.every((s) => s > 0)
  )
    throw new UsageError("normalization wants one mean and one positive std per channel", {
      got,
      wanted: `${channels} each`,
    });
}
