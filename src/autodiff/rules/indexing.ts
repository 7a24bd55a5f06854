/** Reversing an axis, and putting back along an axis what a gather took from it. */
import type { Builder } from "../../graph/builder.ts";
import { arrayOf, i64, numbers, size, tensor, zeros as zeroTensor } from "../../graph/tensor.ts";
import type { DType, Shape, Value } from "../../graph/types.ts";
import { expand, reshape } from "../fit.ts";

/** Zeros of the type of `like`. */
export const zeros = (g: Builder, like: { readonly dtype: DType; readonly shape: Shape }): Value =>
  g.ConstantOfShape({ shape: like.shape, value: zeroTensor(like.dtype, [1]) });

/** x with one axis reversed. A Slice of step −1 is far slower on the CPU. */
export function reversed(g: Builder, x: Value, axis: number): Value {
  const d = x.shape[axis];
  return d === 1 ? x : g.Gather(x, g.constant(i64(Array.from({ length: d }, (_, i) => d - 1 - i))), { axis });
}

/** Of a 0/1 matrix; larger ones are not worth their memory. */
const MATRIX_LIMIT = 1 << 20;

/**
 * The transpose of y = x[…, index, …] for an index known when the graph is built: dx[…, index[i], …] += dy[…, i, …].
 * @param index one position per element of dy along the axis
 * @param length of x along the axis
 */
export function putBack(g: Builder, dy: Value, index: readonly number[], axis: number, length: number): Value {
  const once = new Set(index).size === index.length;
  if (once) {
    const from = Array.from({ length }, (_, i) => index.indexOf(i));
    const holes = from.includes(-1);
    const pads = [...dy.shape.map(() => 0), ...dy.shape.map((_, i) => (i === axis ? 1 : 0))];
    const source = holes ? g.Pad(dy, { pads }) : dy; // a slice of zeros at the end, for what was not taken
    return g.Gather(source, g.constant(i64(from.map((i) => (i < 0 ? index.length : i)))), { axis });
  }
  if (length * index.length > MATRIX_LIMIT) return scatterAdd(g, dy, g.constant(i64(index)), axis, length);
  // taken several times: a product with a 0/1 matrix [length, n]
  const data = new (arrayOf(dy.dtype) as Float32ArrayConstructor)(length * index.length);
  index.forEach((p, i) => {
    data[p * index.length + i] = 1;
  });
  const rows = reshape(g, dy, [size(dy.shape.slice(0, axis)), index.length, size(dy.shape.slice(axis + 1))]);
  const back = g.MatMul(g.constant(tensor(dy.dtype, [length, index.length], data)), rows);
  return reshape(g, back, dy.shape.with(axis, length));
}

/** The same for a computed index [n]. ScatterElements runs in order; ScatterND's sum of duplicates may race. */
function scatterAdd(g: Builder, dy: Value, index: Value, axis: number, length: number): Value {
  const along = reshape(
    g,
    index,
    dy.shape.map((d, i) => (i === axis ? d : 1)),
  );
  const to = zeros(g, { dtype: dy.dtype, shape: dy.shape.with(axis, length) });
  return g.ScatterElements(to, expand(g, along, dy.shape), dy, { axis, reduction: "add" });
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
