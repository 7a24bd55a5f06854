/** Short expressions that several passes emit. */
import type { Builder } from "./builder.ts";
import { heldAs } from "./half.ts";
import { arrayOf, f32, i64, sameShape, size, tensor } from "./tensor.ts";
import type { DType, Shape, Value } from "./types.ts";

/** x in another shape; x itself where it has that shape. */
export const reshape = (g: Builder, x: Value, shape: Shape): Value =>
  sameShape(x.shape, shape) ? x : g.Reshape(x, { shape, allowzero: 1 });

/** A float constant filled by a function of the flat index. */
export function constantOf(g: Builder, dtype: DType, shape: Shape, at: (i: number) => number): Value {
  const data = new (arrayOf(dtype) as Float32ArrayConstructor)(size(shape));
  const held = heldAs[dtype] ?? ((x: number) => x);
  for (let i = 0; i < data.length; i++) data[i] = held(at(i));
  return g.constant(tensor(dtype, shape, data));
}

/** A condition as zeros and ones of the type of `like`. */
export const ones = (g: Builder, condition: Value, like: Value): Value => g.Cast(condition, { to: like.dtype });

/** 1 where x > 0, else 0. */
export const positive = (g: Builder, x: Value): Value => ones(g, g.Greater(x, 0), x);

/** The largest float32 below the normal ones, 2⁻¹²⁶ − 2⁻¹⁴⁹. */
export const LARGEST_SUBNORMAL = 2 ** -126 - 2 ** -149;

/**
 * w, but 0 where w is subnormal. What only decays ends there and never leaves, as a share of the smallest numbers rounds to themselves;
 * and processors multiply them many times slower.
 */
export const flushed = (g: Builder, w: Value): Value =>
  g.means(g.Where(g.Greater(g.Abs(w), LARGEST_SUBNORMAL), w, g.constant(f32([0], []))), "Flushed", [w], {});

/** x with one axis reversed. By Gather, as a Slice of step −1 is far slower on the CPU. */
export function reversed(g: Builder, x: Value, axis: number): Value {
  const d = x.shape[axis];
  return d === 1 ? x : g.Gather(x, g.constant(i64(Array.from({ length: d }, (_, i) => d - 1 - i))), { axis });
}
