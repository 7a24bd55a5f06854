/** Operators that only move data. Their parameters (shape, axes, starts…) are attributes in canonical form. */
import {
  axesOf,
  axisOf,
  broadcast,
  checkLeast,
  checkLength,
  checkShape,
  distinctAxes,
  flag,
  float,
  int,
  ints,
  multi,
  oneOf,
  op,
  reject,
  sameType,
  size,
  type Type,
  tensorAttr,
} from "../op.ts";
import { sameShape } from "../tensor.ts";
import type { Shape } from "../types.ts";

const reduction = oneOf("none", "add", "mul", "max", "min");

/** Indices along one axis: they reach no further than x on the others. */
function checkElements(x: Type, i: Type, axis: number): void {
  const a = axisOf(axis, x.shape.length);
  if (i.shape.length !== x.shape.length || i.shape.some((d, k) => k !== a && d > x.shape[k]))
    reject("indices do not fit", `[${i.shape}] of [${x.shape}]`, `at most [${x.shape}] but on axis ${a}`);
}

function imageOf({ shape }: Type): Shape {
  if (shape.length !== 4) reject("not an image", `[${shape}]`, "[N, C, H, W]");
  return shape;
}

function checkBlocks(blocksize: number, dims: readonly number[], part: number): void {
  checkLeast("blocksize", [blocksize], 1);
  if (dims.some((d) => d % part !== 0)) reject("blocks do not fit", `[${dims}]`, `multiples of ${part}`);
}

/** Start, end and step of a Slice along one axis of size d, clamped as ONNX says; `length` elements result. */
export function sliceRange(d: number, start: number, end: number, step: number) {
  const clamp = (x: number, lo: number, hi: number) => Math.min(Math.max(x < 0 ? x + d : x, lo), hi);
  const s = step > 0 ? clamp(start, 0, d) : clamp(start, 0, d - 1);
  const e = step > 0 ? clamp(end, 0, d) : end < -d ? -1 : clamp(end, -1, d - 1);
  return { start: s, step, length: Math.max(0, Math.ceil((e - s) / step)) };
}

export const movementOps = {
  Constant: op(0, { value: tensorAttr() }, (_, { value }) => ({ dtype: value.dtype, shape: value.shape }), {
    holds: "value",
  }),
  /** `shape` may hold 0 (copy, unless allowzero) and one −1 (the rest). */
  Reshape: op(
    1,
    { shape: ints(), allowzero: flag(0) },
    ([x], { shape: to, allowzero }) => {
      const rest = to.filter((d) => d === -1).length;
      const copied = allowzero ? [] : to.flatMap((d, i) => (d === 0 ? [i] : []));
      checkLeast("shape", to, -1);
      if (rest > 1 || (rest && allowzero && to.includes(0)) || copied.some((i) => i >= x.shape.length))
        reject(
          "shape cannot be told",
          `[${x.shape}] → [${to}], allowzero ${allowzero}`,
          "one −1, a 0 for an axis of x",
        );
      const shape = to.map((d, i) => (d === 0 && !allowzero ? x.shape[i] : d));
      const known = shape.reduce((p, d) => (d === -1 ? p : p * d), 1);
      const out = shape.map((d) => (d === -1 ? size(x.shape) / known : d));
      if (size(out) !== size(x.shape) || !out.every(Number.isInteger))
        reject("Reshape changes the number of elements", `[${x.shape}] → [${to}]`, `${size(x.shape)} elements`);
      return { dtype: x.dtype, shape: out };
    },
    { reshapes: true },
  ),
  Flatten: op(
    1,
    { axis: int(1) },
    ([x], { axis }) => {
      const a = axis === x.shape.length ? axis : axisOf(axis, x.shape.length);
      return { dtype: x.dtype, shape: [size(x.shape.slice(0, a)), size(x.shape.slice(a))] };
    },
    { reshapes: true },
  ),
  Transpose: op(
    1,
    { perm: ints() },
    ([x], { perm }) => {
      if (
        !sameShape(
          perm.toSorted((a, b) => a - b),
          [...x.shape.keys()],
        )
      )
        reject("perm is no order of the axes", `[${perm}]`, `each of [${[...x.shape.keys()]}] once`);
      return { dtype: x.dtype, shape: perm.map((p) => x.shape[p]) };
    },
    {
      complete: ([x], a) => ({ ...a, perm: a.perm ?? x.shape.map((_, i) => x.shape.length - 1 - i) }),
      permutes: (_, { perm }) => perm,
    },
  ),
  Squeeze: op(
    1,
    { axes: ints() },
    ([x], { axes }) => {
      const gone = new Set(axes ? axesOf(axes, x.shape.length) : x.shape.flatMap((d, i) => (d === 1 ? [i] : [])));
      for (const a of gone)
        if (x.shape[a] !== 1) reject("a dimension that goes is not 1", `axis ${a} of [${x.shape}]`, "1");
      return { dtype: x.dtype, shape: x.shape.filter((_, i) => !gone.has(i)) };
    },
    { rearranges: true, reshapes: true },
  ),
  Unsqueeze: op(
    1,
    { axes: ints() },
    ([x], { axes }) => {
      const rank = x.shape.length + axes.length;
      const at = new Set(distinctAxes(axes, rank));
      let k = 0;
      return { dtype: x.dtype, shape: Array.from({ length: rank }, (_, i) => (at.has(i) ? 1 : x.shape[k++])) };
    },
    { outputAxes: true, rearranges: true, reshapes: true },
  ),
  Expand: op(1, { shape: ints() }, ([x], { shape }) => {
    checkLeast("shape", shape, 0);
    return { dtype: x.dtype, shape: broadcast(x.shape, shape) };
  }),
  Tile: op(1, { repeats: ints() }, ([x], { repeats }) => {
    checkLength("repeats", repeats, x.shape.length);
    checkLeast("repeats", repeats, 0);
    return { dtype: x.dtype, shape: x.shape.map((d, i) => d * repeats[i]) };
  }),
  Concat: op(
    "n",
    { axis: int() },
    (x, { axis }) => {
      const a = axisOf(axis, x[0].shape.length);
      for (const t of x)
        if (t.shape.length !== x[0].shape.length || t.shape.some((d, i) => i !== a && d !== x[0].shape[i]))
          reject("Concat sizes differ", x.map((u) => `[${u.shape}]`).join(" "), `equal but on axis ${a}`);
      return {
        dtype: sameType(x),
        shape: x[0].shape.map((d, i) => (i === a ? x.reduce((s, t) => s + t.shape[a], 0) : d)),
      };
    },
    { beside: true, rearranges: true },
  ),
  /** `split` lists the sizes; one output each. */
  Split: multi(
    1,
    { axis: int(0), split: ints() },
    ([x], { axis, split }) => {
      const a = axisOf(axis, x.shape.length);
      checkLeast("split", split, 0);
      if (split.reduce((s, d) => s + d, 0) !== x.shape[a])
        reject("Split sizes differ", `${split}`, `sum ${x.shape[a]}`);
      return split.map((n) => ({ dtype: x.dtype, shape: x.shape.map((d, i) => (i === a ? n : d)) }));
    },
    { everyOutput: true, rearranges: true },
  ),
  Slice: op(
    1,
    { starts: ints(), ends: ints(), axes: ints(), steps: ints() },
    ([x], { starts, ends, axes, steps }) => {
      const shape = [...x.shape];
      if (shape.length === 0) reject("a scalar has no axis to slice", "[]", "rank 1 or more");
      for (const [key, list] of Object.entries({ ends, axes, steps })) checkLength(key, list, starts.length);
      if (steps.includes(0)) reject("a step is 0", `steps [${steps}]`, "another number");
      distinctAxes(axes, shape.length).forEach((a, i) => {
        shape[a] = sliceRange(x.shape[a], starts[i], ends[i], steps[i]).length;
      });
      return { dtype: x.dtype, shape };
    },
    {
      complete: (_, a) => ({
        ...a,
        axes: a.axes ?? a.starts.map((_, i) => i),
        steps: a.steps ?? a.starts.map(() => 1),
      }),
      rearranges: true,
    },
  ),
  /** `pads` lists all begins, then all ends; negative crops. ONNX's mode `wrap` is not among ours. */
  Pad: op(1, { pads: ints(), value: float(0), mode: oneOf("constant", "reflect", "edge") }, ([x], { pads, mode }) => {
    const rank = x.shape.length;
    checkLength("pads", pads, 2 * rank);
    const shape = x.shape.map((d, i) => d + pads[i] + pads[i + rank]);
    if (rank === 0) reject("a scalar has no axis to pad", "[]", "rank 1 or more");
    x.shape.forEach((d, i) => {
      const [begin, end] = [pads[i], pads[i + rank]];
      const left = d + Math.min(begin, 0) + Math.min(end, 0);
      if (left < 0) reject("more is cropped than there is", `${begin} and ${end} of axis ${i} of [${x.shape}]`, "less");
      const most = mode === "reflect" ? left - 1 : Number.POSITIVE_INFINITY;
      if (mode !== "constant" && (left < 1 || Math.max(begin, end) > most))
        reject(`too little to pad with by ${mode}`, `${begin} and ${end} on axis ${i} of [${x.shape}]`, "less");
    });
    return { dtype: x.dtype, shape };
  }),
  Gather: op(
    2,
    { axis: int(0) },
    ([x, i], { axis }) => {
      const a = axisOf(axis, x.shape.length);
      return { dtype: x.dtype, shape: [...x.shape.slice(0, a), ...i.shape, ...x.shape.slice(a + 1)] };
    },
    { learns: [0], table: 0 },
  ),
  GatherElements: op(
    2,
    { axis: int(0) },
    ([x, i], { axis }) => {
      checkElements(x, i, axis);
      return { dtype: x.dtype, shape: i.shape };
    },
    { since: 11 },
  ),
  ScatterElements: op(
    3,
    { axis: int(0), reduction },
    ([x, i, updates], { axis }) => {
      checkElements(x, i, axis);
      checkShape("the updates", updates, i.shape);
      return x;
    },
    { since: 11 },
  ),
  ScatterND: op(
    3,
    { reduction },
    ([x, i, updates]) => {
      const depth = i.shape.at(-1) ?? 0;
      if (!(depth >= 1 && depth <= x.shape.length))
        reject("indices do not fit", `[${i.shape}] into [${x.shape}]`, `a last axis of 1 to ${x.shape.length}`);
      checkShape("the updates", updates, [...i.shape.slice(0, -1), ...x.shape.slice(depth)]);
      return x;
    },
    { since: 11 },
  ),
  /** Inputs: indices and the [off, on] values. */
  OneHot: op(
    2,
    { axis: int(-1), depth: int() },
    ([i, values], { axis, depth }) => {
      const a = axisOf(axis, i.shape.length + 1);
      if (i.shape.length === 0) reject("indices have no axis", "[]", "rank 1 or more");
      checkShape("the values", values, [2]);
      checkLeast("depth", [depth], 1);
      return { dtype: values.dtype, shape: [...i.shape.slice(0, a), depth, ...i.shape.slice(a)] };
    },
    { outputAxes: true },
  ),
  /** The tensor's shape as int64. Folded on reading wherever it can be. */
  Shape: op(1, { start: int(0), end: int() }, ([x], { start, end }) => ({
    dtype: "int64",
    shape: [x.shape.slice(start, end).length],
  })),
  /** The number of the tensor's elements as int64. Folded on reading wherever it can be. */
  Size: op(1, {}, () => ({ dtype: "int64", shape: [] })),
  ConstantOfShape: op(0, { value: tensorAttr(), shape: ints() }, (_, { value, shape }) => {
    checkLeast("shape", shape, 0);
    checkShape("the value", value, [1]);
    return { dtype: value.dtype, shape };
  }),
  DepthToSpace: op(1, { blocksize: int(), mode: oneOf("DCR", "CRD") }, ([x], { blocksize: b }) => {
    const [n, c, h, w] = imageOf(x);
    checkBlocks(b, [c], b * b);
    return { dtype: x.dtype, shape: [n, c / (b * b), h * b, w * b] };
  }),
  SpaceToDepth: op(1, { blocksize: int() }, ([x], { blocksize: b }) => {
    const [n, c, h, w] = imageOf(x);
    checkBlocks(b, [h, w], b);
    return { dtype: x.dtype, shape: [n, c * b * b, h / b, w / b] };
  }),
};
