/**
 * Fitting gradients to the shapes of their values. A gradient may be smaller than its value: where it has 1 and the
 * value more, it is the same all along that axis. Both directions of broadcasting are dealt with here and nowhere else.
 */
import type { Builder } from "../graph/builder.ts";
import { reshape } from "../graph/emit.ts";
import { sameShape, size } from "../graph/tensor.ts";
import type { Shape, Value } from "../graph/types.ts";

/**
 * Sums a gradient over what the source was repeated along.
 * @param dx gradient of the source broadcast to `full`; may itself still broadcast to `full`
 * @returns a value of the source's rank that broadcasts to its shape
 */
export function sumTo(g: Builder, dx: Value, source: Shape, full: Shape): Value {
  const rank = full.length;
  const at = (s: Shape, i: number) => s[i - rank + s.length] ?? 1;
  const repeated = full.map((d, i) => (d > 1 && at(source, i) === 1 ? i : -1)).filter((i) => i >= 0);
  const summed = repeated.filter((i) => at(dx.shape, i) > 1).map((i) => i - rank + dx.shape.length);
  const times = repeated.filter((i) => at(dx.shape, i) === 1).reduce((p, i) => p * full[i], 1);
  let y = summed.length > 0 ? g.ReduceSum(dx, { axes: summed, keepdims: 1 }) : dx;
  y = scale(g, y, times);
  const shape = full.map((_, i) => at(y.shape, i)).slice(rank - source.length);
  return reshape(g, y, shape);
}

/** A gradient of which every element is stored. */
export function expand(g: Builder, dx: Value, shape: Shape): Value {
  return sameShape(dx.shape, shape) ? dx : g.Expand(dx, { shape });
}

/** The sum of all contributions, the small ones first, so that only those of full size cost a full pass. */
export function sum(g: Builder, parts: readonly Value[]): Value {
  const [first, ...rest] = [...parts].sort((a, b) => size(a.shape) - size(b.shape));
  return rest.reduce((total, part) => g.Add(total, part), first);
}

/** factor·x */
export const scale = (g: Builder, x: Value, factor: number): Value =>
  factor === 1 ? x : factor === -1 ? g.Neg(x) : g.Mul(x, factor);
