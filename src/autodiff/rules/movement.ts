/** Operators that only move data: the gradient moves back. */
import type { Builder } from "../../graph/builder.ts";
import { reshape, reversed } from "../../graph/emit.ts";
import { axisOf } from "../../graph/op.ts";
import { sliceRange } from "../../graph/ops/movement.ts";
import { size } from "../../graph/tensor.ts";
import type { Shape, Value } from "../../graph/types.ts";
import { addressedRows, putBack, ungather, zerosAs } from "./indexing.ts";
import { type FamilyRules, passThrough, type RuleFunction } from "./rule.ts";
import { type Put, scatterBack } from "./scattering.ts";

type Reshaping = "Flatten" | "Reshape" | "Squeeze" | "Unsqueeze";

const reshaped: RuleFunction<Reshaping> = (g, { in: [x] }, dy) => [reshape(g, dy, x.shape)];

/** Reshape, permute, reshape. */
const shuffle = (g: Builder, x: Value, split: Shape, perm: readonly number[], shape: Shape): Value =>
  reshape(g, g.Transpose(reshape(g, x, split), { perm }), shape);

/** Pads one axis; negative numbers crop. */
function padAxis(g: Builder, x: Value, axis: number, begin: number, end: number): Value {
  if (begin === 0 && end === 0) return x;
  const at = (n: number) => x.shape.map((_, i) => (i === axis ? n : 0));
  return g.Pad(x, { pads: [...at(begin), ...at(end)] });
}

/** The transpose of taking `length` elements from `start` in steps of `step` > 0 out of `d`. */
function spread(g: Builder, dy: Value, axis: number, d: number, start: number, step: number): Value {
  const n = dy.shape[axis];
  let x = dy;
  if (step > 1) {
    // [n] → [n, 1] → [n, step] → [n·step]: zeros between the elements
    const apart = reshape(g, dy, [...dy.shape.slice(0, axis), n, 1, ...dy.shape.slice(axis + 1)]);
    x = reshape(g, padAxis(g, apart, axis + 1, 0, step - 1), dy.shape.with(axis, n * step));
  }
  return padAxis(g, x, axis, start, d - start - x.shape[axis]);
}

/** Where the elements of a padded axis come from. */
function paddedFrom(d: number, begin: number, end: number, mode: "edge" | "reflect"): number[] {
  return Array.from({ length: begin + d + end }, (_, i) => {
    const p = i - begin;
    if (mode === "edge") return Math.min(Math.max(p, 0), d - 1);
    const period = Math.max(1, 2 * (d - 1));
    const q = ((p % period) + period) % period;
    return q < d ? q : period - q;
  });
}

export const movementRules: FamilyRules<"movement"> = {
  Reshape: reshaped,
  Flatten: reshaped,
  Squeeze: reshaped,
  Unsqueeze: reshaped,
  Expand: passThrough,

  // y[i] = x[perm[i]]  ⇒  undo the permutation
  Transpose: (g, { attrs: { perm } }, dy) => [g.Transpose(dy, { perm: perm.map((_, i) => perm.indexOf(i)) })],
  // y [r₀·d₀, r₁·d₁, …]: the copies are added up
  Tile: (g, { in: [x], attrs: { repeats } }, dy) => {
    const apart = reshape(
      g,
      dy,
      x.shape.flatMap((d, i) => [repeats[i], d]),
    );
    return [g.ReduceSum(apart, { axes: repeats.map((_, i) => 2 * i), keepdims: 0 })];
  },
  Concat: (g, { in: x, attrs: { axis } }, dy) => {
    const a = axisOf(axis, dy.shape.length);
    return x.length === 1 ? [dy] : g.Split(dy, { axis: a, split: x.map((v) => v.shape[a]) });
  },
  // an output that nobody used contributes zeros
  Split: (g, { in: [x], attrs: { axis, split } }, dy) => {
    const a = axisOf(axis, x.shape.length);
    const parts = dy.map((d, i) => d ?? zerosAs(g, { dtype: x.dtype, shape: x.shape.with(a, split[i]) }));
    return [g.Concat(parts, { axis: a })];
  },
  // axis by axis; a negative step takes the same elements in the other order
  Slice: (g, { in: [x], attrs: { starts, ends, axes, steps } }, dy) => {
    const dx = axes.reduce((d, axis, i) => {
      const a = axisOf(axis, x.shape.length);
      const { start, step, length } = sliceRange(x.shape[a], starts[i], ends[i], steps[i]);
      if (step > 0) return spread(g, d, a, x.shape[a], start, step);
      return spread(g, reversed(g, d, a), a, x.shape[a], start + (length - 1) * step, -step);
    }, dy);
    return [dx];
  },
  Pad: (g, { in: [x], attrs: { pads, mode } }, dy) => {
    const rank = x.shape.length;
    if (mode === "constant") return [g.Pad(dy, { pads: pads.map((p) => -p) })]; // crops what was added
    const dx = x.shape.reduce((d, length, a) => {
      const [begin, end] = [pads[a], pads[a + rank]];
      return begin || end ? putBack(g, d, paddedFrom(length, begin, end, mode), a, length) : d;
    }, dy);
    return [dx];
  },
  Gather: (g, { in: [x, index], attrs: { axis } }, dy) => {
    const a = axisOf(axis, x.shape.length);
    return [ungather(g, dy, index, a, x.shape[a]), null];
  },
  GatherElements: (g, { in: [x, index], attrs: { axis } }, dy) => [
    g.ScatterElements(zerosAs(g, x), index, dy, { axis, reduction: "add" }),
    null,
  ],
  ScatterElements: (g, { in: [x, index, updates], attrs: { axis, reduction }, out: y }, dy) => {
    const at = (v: Value): Value => g.GatherElements(v, index, { axis });
    const put = (to: Value, u: Value, reduction: Put): Value => g.ScatterElements(to, index, u, { axis, reduction });
    return scatterBack(g, { x, updates: updates!, y, dy, reduction, at, put });
  },
  // the same by rows: index […, k] addresses the first k axes, made one axis here
  ScatterND: (g, { in: [x, index, updates], attrs: { reduction }, out: y }, dy) => {
    const k = index.shape.at(-1)!;
    const addressed = x.shape.slice(0, k);
    const row = addressedRows(g, index, addressed);
    const at = (v: Value): Value => g.Gather(reshape(g, v, [size(addressed), ...x.shape.slice(k)]), row, { axis: 0 });
    const put = (to: Value, u: Value, how: Put): Value => {
      if (how === "none") return g.ScatterND(to, index, u);
      // row by row: ONNX Runtime's ScatterND may lose sums of one place
      const rest = size(x.shape.slice(k));
      const whole = reshape(g, to, [size(addressed), rest]);
      const flat = reshape(g, u, [size(row.shape), rest]);
      const along = g.Expand(reshape(g, row, [size(row.shape), 1]), { shape: flat.shape });
      return reshape(g, g.ScatterElements(whole, along, flat, { axis: 0, reduction: how }), x.shape);
    };
    return scatterBack(g, { x, updates: updates!, y, dy, reduction, at, put });
  },
  // y = x with c = c′·b² laid out as b × b blocks; back by the inverse permutation. (SpaceToDepth is slow on WebGPU.)
  DepthToSpace: (g, { in: [x], attrs: { blocksize: b, mode } }, dy) => {
    const [n, c, h, w] = x.shape;
    const depth = c / (b * b);
    return [shuffle(g, dy, [n, depth, h, b, w, b], mode === "DCR" ? [0, 3, 5, 1, 2, 4] : [0, 1, 3, 5, 2, 4], x.shape)];
  },
  SpaceToDepth: (g, { in: [x], attrs: { blocksize: b } }, dy) => {
    const [n, c, h, w] = x.shape;
    return [shuffle(g, dy, [n, b, b, c, h / b, w / b], [0, 3, 4, 1, 5, 2], x.shape)];
  },
};
