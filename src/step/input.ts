/** From a batch as it travels to what the model's inputs want: images come as uint8 and are normalized in the graph. */
import type { Builder } from "../graph/builder.ts";
import { f32 } from "../graph/tensor.ts";
import type { Value } from "../graph/types.ts";

/** Per-channel statistics of pixels scaled to [0, 1]. */
export interface Normalization {
  readonly mean: readonly number[];
  readonly std: readonly number[];
}

/** One of the model's inputs. */
export interface InputPlan {
  /** Its name; undefined = the only one. */
  readonly input?: string;
  /** Which of the batch's further arrays it is made of; undefined = x. */
  readonly more?: string;
  /** How a batch travels. */
  readonly dtype: "uint8" | "int32" | "float32";
  /** Shape of one sample as the data set has it, for example [1, 28, 28]. */
  readonly sample: readonly number[];
  /** Whether its first axis counts places, of which batches may have fewer. */
  readonly byPlace?: boolean;
  /** Undefined: values are used as they are (uint8 still becomes float). */
  readonly normalization?: Normalization;
}

/** Emits cast, scaling and reshape; the result stands in for the model's input. */
export function applyInput(g: Builder, x: Value, plan: InputPlan, wanted: Value): Value {
  const [n] = wanted.shape;
  const dtype = plan.normalization ? "float32" : wanted.dtype;
  let v = plan.dtype === dtype ? x : g.Cast(x, { to: dtype });
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
  if (v.dtype !== wanted.dtype) v = g.Cast(v, { to: wanted.dtype });
  return v.shape.join() === wanted.shape.join() ? v : g.Reshape(v, { shape: [n, ...wanted.shape.slice(1)] });
}
