/** Images read off between their elements. */
import type { Builder } from "../../graph/builder.ts";
import { constantOf, reshape } from "../../graph/emit.ts";
import { axisOf } from "../../graph/op.ts";
import { scaleOf } from "../../graph/ops/sampling.ts";
import { size } from "../../graph/tensor.ts";
import type { Value } from "../../graph/types.ts";
import { gridSampleBack } from "./grid-sample.ts";
import { resizeTaps } from "./resize-weights.ts";
import type { FamilyRules } from "./rule.ts";

type Taps = ReturnType<typeof resizeTaps>;

/** How often each element is repeated, where a resizing does nothing else; undefined where it does. */
function repeats(taps: Taps, n: number): number | undefined {
  const times = taps.length / n;
  return Number.isInteger(times) && taps.every((t, i) => t.length === 1 && t[0][0] === Math.floor(i / times))
    ? times
    : undefined;
}

/** dx = Aᵀ·dy along one axis, of n elements before. */
function resizedBack(g: Builder, dy: Value, axis: number, n: number, taps: Taps): Value {
  const m = dy.shape[axis];
  const [before, after] = [dy.shape.slice(0, axis), dy.shape.slice(axis + 1)];
  const times = repeats(taps, n);
  if (times) return g.ReduceSum(reshape(g, dy, [...before, n, times, ...after]), { axes: [axis + 1], keepdims: 0 });
  const matrix = new Float64Array(n * m); // Aᵀ [n, m]
  taps.forEach((row, i) => {
    for (const [from, weight] of row) matrix[from * m + i] += weight;
  });
  const rows = size(before);
  if (size(after) === 1) {
    const A = constantOf(g, dy.dtype, [m, n], (k) => matrix[(k % n) * m + Math.floor(k / n)]);
    return reshape(g, g.MatMul(reshape(g, dy, [rows, m]), A), dy.shape.with(axis, n));
  }
  const transposed = constantOf(g, dy.dtype, [n, m], (k) => matrix[k]);
  return reshape(g, g.MatMul(transposed, reshape(g, dy, [rows, m, size(after)])), dy.shape.with(axis, n));
}

export const samplingRules: FamilyRules<"sampling"> = {
  // axis by axis y = A·x  ⇒  dx = Aᵀ·dy
  Resize: (g, { in: [x], attrs }, dy) => {
    const dx = attrs.axes.reduce((d, given, i) => {
      const axis = axisOf(given, x.shape.length);
      const n = x.shape[axis];
      return resizedBack(g, d, axis, n, resizeTaps(attrs, scaleOf(attrs, i, n), n, dy.shape[axis]));
    }, dy);
    return [dx];
  },
  GridSample: gridSampleBack,
};
