/** Short expressions that several passes emit. */
import type { Builder } from "./builder.ts";
import { heldAs } from "./half.ts";
import { arrayOf, i64, sameShape, size, tensor } from "./tensor.ts";
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

/** 2⁻¹⁰⁰: what `flushed` makes zero. */
const NEXT_TO_NOTHING = 2 ** -100;

/**
 * w, but 0 where |w| ≤ 2⁻¹⁰⁰. What only decays ends there; else it would become subnormal and never leave, as a share of the smallest
 * numbers rounds to themselves, and processors multiply them many times slower. It is w − clip(w, ±2⁻¹⁰⁰), without a branch for each
 * number: above 2⁻⁷⁶ that is w, bit for bit, and between them normal.
 */
export const flushed = (g: Builder, w: Value): Value =>
  g.Sub(w, g.Clip(w, { min: -NEXT_TO_NOTHING, max: NEXT_TO_NOTHING }));

/** ∛x of numbers ≥ 0. */
export const cubeRoot = (g: Builder, x: Value): Value => g.means(g.Pow(x, 1 / 3), "CubeRoot", [x], {});

/** x with one axis reversed. By Gather, as a Slice of step −1 is far slower on the CPU. */
export function reversed(g: Builder, x: Value, axis: number): Value {
  const d = x.shape[axis];
  return d === 1 ? x : g.Gather(x, g.constant(i64(Array.from({ length: d }, (_, i) => d - 1 - i))), { axis });
}

/** How to make what `weighed` and `scalable` made, times a scalar. */
const products = new WeakMap<Value, (by: Value) => Value>();

/** What `make` makes of a scalar of 1 where none is given; a scalar may still join what it is made of (`scaled`). */
export function scalable(make: (by?: Value) => Value): Value {
  const made = make();
  products.set(made, make);
  return made;
}

/** x times factors that broadcast to it, in another shape; a scalar may still join the factors (`scaled`). */
export function weighed(g: Builder, x: Value, by: Value, shaped: (y: Value) => Value): Value {
  const make = (more?: Value) => shaped(g.Mul(x, more ? g.Mul(by, more) : by));
  return size(by.shape) < size(x.shape) ? scalable(make) : make();
}

/**
 * y times a scalar. Where y is the product of something large with something smaller, the scalar goes to the smaller one, which spares
 * a pass over y; the product is rounded otherwise then, but for a scalar of 1.
 */
export function scaled(g: Builder, y: Value, by: Value): Value {
  return products.get(y)?.(by) ?? g.Mul(y, by);
}
