/** Images read off between their elements. */
import { resizeTaps } from "../../../src/autodiff/rules/resize-weights.ts";
import type { Builder } from "../../../src/graph/builder.ts";
import { constantOf, reshape } from "../../../src/graph/emit.ts";
import { axisOf } from "../../../src/graph/op.ts";
import { scaleOf } from "../../../src/graph/ops/sampling.ts";
import { size } from "../../../src/graph/tensor.ts";
import type { Value } from "../../../src/graph/types.ts";
import { type Doubles, Unsaid } from "./double.ts";

/** How near every position is to each of n elements: 1 − distance, or 0. [N, P] → [N, P, n] */
function nearness(g: Builder, at: Value, n: number): Value {
  const places = constantOf(g, at.dtype, [n], (i) => i);
  const distance = g.Abs(g.Sub(g.Unsqueeze(at, { axes: [2] }), places));
  return g.Relu(g.Sub(1, distance));
}

export const samplingDoubles: Doubles<"GridSample" | "Resize"> = {
  /** Of images, in mode `linear`: the sum of all elements, each times its nearness along both axes. */
  GridSample: (g, { in: [x, grid], attrs: { align_corners, mode, padding_mode } }) => {
    if (x.shape.length !== 4 || mode !== "linear" || padding_mode === "reflection")
      throw new Unsaid(`${mode} ${padding_mode} of [${x.shape}]`);
    const [n, c, ...to] = x.shape;
    const p = size(grid.shape.slice(1, -1));
    const flat = reshape(g, grid, [n, p, 2]);
    const [rows, columns] = to.map((d, i) => {
      const u = reshape(g, g.Slice(flat, { starts: [1 - i], ends: [2 - i], axes: [2], steps: [1] }), [n, p]);
      const at = g.Add(g.Mul(u, (align_corners ? d - 1 : d) / 2), (d - 1) / 2);
      return nearness(g, padding_mode === "border" ? g.Clip(at, { min: 0, max: d - 1 }) : at, d);
    });
    const weights = g.Mul(g.Unsqueeze(rows, { axes: [3] }), g.Unsqueeze(columns, { axes: [2] }));
    const image = reshape(g, x, [n, c, size(to)]);
    const read = g.MatMul(image, g.Transpose(reshape(g, weights, [n, p, size(to)]), { perm: [0, 2, 1] }));
    return reshape(g, read, [n, c, ...grid.shape.slice(1, -1)]);
  },
  Resize: (g, { in: [x], out, attrs }) =>
    attrs.axes.reduce((y, given, i) => {
      const axis = axisOf(given, x.shape.length);
      const [n, m] = [x.shape[axis], out.shape[axis]];
      const taps = resizeTaps(attrs, scaleOf(attrs, i, n), n, m);
      const weight = (k: number) => taps[k % m].reduce((sum, [at, w]) => (at === Math.floor(k / m) ? sum + w : sum), 0);
      const last = [...y.shape.keys()].filter((a) => a !== axis).concat(axis);
      const back = y.shape.map((_, a) => last.indexOf(a));
      const product = g.MatMul(g.Transpose(y, { perm: last }), constantOf(g, x.dtype, [n, m], weight));
      return g.Transpose(product, { perm: back });
    }, x),
};
