/** Putting back along an axis what a gather took from it. */
import type { Builder } from "../../graph/builder.ts";
import { reshape } from "../../graph/emit.ts";
import { i64, numbers, size, zeros } from "../../graph/tensor.ts";
import type { DType, Shape, Value } from "../../graph/types.ts";
import { expand } from "../fit.ts";

/** Zeros of the type of `like`. */
export const zerosAs = (g: Builder, like: { readonly dtype: DType; readonly shape: Shape }): Value =>
  g.ConstantOfShape({ shape: like.shape, value: zeros(like.dtype, [1]) });

/**
 * The transpose of y = x[…, index, …] for an index known when the graph is built: dx[…, index[i], …] += dy[…, i, …].
 * @param index one position per element of dy along the axis
 * @param length of x along the axis
 */
export const putBack = (g: Builder, dy: Value, index: readonly number[], axis: number, length: number): Value =>
  g.means(scatterAdd(g, dy, g.constant(i64(index)), axis, length), "PutBack", [dy], { index, axis, length });

/** The same for a computed index [n]. ScatterElements runs in order; ScatterND's sum of duplicates may race. */
function scatterAdd(g: Builder, dy: Value, index: Value, axis: number, length: number): Value {
  const along = reshape(
    g,
    index,
    dy.shape.map((d, i) => (i === axis ? d : 1)),
  );
  const to = zerosAs(g, { dtype: dy.dtype, shape: dy.shape.with(axis, length) });
  return g.ScatterElements(to, expand(g, along, dy.shape), dy, { axis, reduction: "add" });
}

/**
 * Which row of the addressed axes, made one, each index [… k] means. The first `batch` of these axes are those of the index itself.
 */
export function addressedRows(g: Builder, index: Value, addressed: Shape, batch = 0): Value {
  const strides = addressed.map((_, i) => size(addressed.slice(i + 1)));
  const positive = g.Mod(index, g.constant(i64(addressed.slice(batch))));
  const row = g.ReduceSum(g.Mul(positive, g.constant(i64(strides.slice(batch)))), { axes: [-1], keepdims: 0 });
  if (batch === 0) return row;
  const each = size(addressed.slice(batch));
  const starts = i64(
    Array.from({ length: size(addressed.slice(0, batch)) }, (_, i) => i * each),
    [...addressed.slice(0, batch), ...row.shape.slice(batch).map(() => 1)],
  );
  return g.Add(row, g.constant(starts));
}

/** The transpose of y = Gather(x, index, axis): dy [before, …index, after] → dx [before, length, after]. */
export function ungather(g: Builder, dy: Value, index: Value, axis: number, length: number): Value {
  const after = dy.shape.slice(axis + index.shape.length);
  const flat = reshape(g, dy, [...dy.shape.slice(0, axis), size(index.shape), ...after]);
  const known = g.tensorOf(index);
  if (!known) return scatterAdd(g, flat, reshape(g, index, [size(index.shape)]), axis, length);
  const positions = numbers(known).map((i) => (i < 0 ? i + length : i));
  return putBack(g, flat, positions, axis, length);
}
