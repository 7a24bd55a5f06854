/** Operators that only move data. Their parameters (shape, axes, starts…) are attributes in canonical form. */
import {
  axesOf,
  axisOf,
  broadcast,
  float,
  int,
  ints,
  multi,
  op,
  reject,
  sameType,
  size,
  string,
  tensorAttr,
} from "../op.ts";

type Combine = "none" | "add" | "mul" | "max" | "min";

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
  Reshape: op(1, { shape: ints(), allowzero: int(0) }, ([x], { shape: to, allowzero }) => {
    const shape = to.map((d, i) => (d === 0 && !allowzero ? x.shape[i] : d));
    const known = shape.reduce((p, d) => (d === -1 ? p : p * d), 1);
    const out = shape.map((d) => (d === -1 ? size(x.shape) / known : d));
    if (size(out) !== size(x.shape) || !out.every(Number.isInteger))
      reject("Reshape changes the number of elements", `[${x.shape}] → [${to}]`, `${size(x.shape)} elements`);
    return { dtype: x.dtype, shape: out };
  }),
  Flatten: op(1, { axis: int(1) }, ([x], { axis }) => {
    const a = axis < 0 ? axis + x.shape.length : axis;
    return { dtype: x.dtype, shape: [size(x.shape.slice(0, a)), size(x.shape.slice(a))] };
  }),
  Transpose: op(1, { perm: ints() }, ([x], { perm }) => ({ dtype: x.dtype, shape: perm.map((p) => x.shape[p]) }), {
    complete: ([x], a) => ({ ...a, perm: a.perm ?? x.shape.map((_, i) => x.shape.length - 1 - i) }),
    permutes: (_, { perm }) => perm,
  }),
  Squeeze: op(1, { axes: ints() }, ([x], { axes }) => {
    const gone = axes ? new Set(axesOf(axes, x.shape.length)) : undefined;
    return { dtype: x.dtype, shape: x.shape.filter((d, i) => (gone ? !gone.has(i) : d !== 1)) };
  }),
  Unsqueeze: op(
    1,
    { axes: ints() },
    ([x], { axes }) => {
      const rank = x.shape.length + axes.length;
      const at = new Set(axesOf(axes, rank));
      let k = 0;
      return { dtype: x.dtype, shape: Array.from({ length: rank }, (_, i) => (at.has(i) ? 1 : x.shape[k++])) };
    },
    { outputAxes: true },
  ),
  Expand: op(1, { shape: ints() }, ([x], { shape }) => ({ dtype: x.dtype, shape: broadcast(x.shape, shape) })),
  Tile: op(1, { repeats: ints() }, ([x], { repeats }) => ({
    dtype: x.dtype,
    shape: x.shape.map((d, i) => d * repeats[i]),
  })),
  Concat: op("n", { axis: int() }, (x, { axis }) => {
    const a = axisOf(axis, x[0].shape.length);
    for (const t of x)
      if (t.shape.length !== x[0].shape.length || t.shape.some((d, i) => i !== a && d !== x[0].shape[i]))
        reject("Concat sizes differ", x.map((u) => `[${u.shape}]`).join(" "), `equal but on axis ${a}`);
    return {
      dtype: sameType(x),
      shape: x[0].shape.map((d, i) => (i === a ? x.reduce((s, t) => s + t.shape[a], 0) : d)),
    };
  }),
  /** `split` lists the sizes; one output each. */
  Split: multi(
    1,
    { axis: int(0), split: ints() },
    ([x], { axis, split }) => {
      const a = axisOf(axis, x.shape.length);
      if (split.reduce((s, d) => s + d, 0) !== x.shape[a])
        reject("Split sizes differ", `${split}`, `sum ${x.shape[a]}`);
      return split.map((n) => ({ dtype: x.dtype, shape: x.shape.map((d, i) => (i === a ? n : d)) }));
    },
    { everyOutput: true },
  ),
  Slice: op(
    1,
    { starts: ints(), ends: ints(), axes: ints(), steps: ints() },
    ([x], { starts, ends, axes, steps }) => {
      const shape = [...x.shape];
      axesOf(axes, shape.length).forEach((a, i) => {
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
    },
  ),
  /** `pads` lists all begins, then all ends; negative crops. */
  Pad: op(
    1,
    { pads: ints(), value: float(0), mode: string<"constant" | "reflect" | "edge">("constant") },
    ([x], { pads }) => ({ dtype: x.dtype, shape: x.shape.map((d, i) => d + pads[i] + pads[i + x.shape.length]) }),
  ),
  Gather: op(2, { axis: int(0) }, ([x, i], { axis }) => {
    const a = axisOf(axis, x.shape.length);
    return { dtype: x.dtype, shape: [...x.shape.slice(0, a), ...i.shape, ...x.shape.slice(a + 1)] };
  }),
  GatherElements: op(2, { axis: int(0) }, ([x, i]) => ({ dtype: x.dtype, shape: i.shape }), { since: 11 }),
  ScatterElements: op(3, { axis: int(0), reduction: string<Combine>("none") }, ([x]) => x, { since: 11 }),
  ScatterND: op(3, { reduction: string<Combine>("none") }, ([x]) => x, { since: 11 }),
  /** Inputs: indices and the [off, on] values. */
  OneHot: op(
    2,
    { axis: int(-1), depth: int() },
    ([i, values], { axis, depth }) => {
      const a = axis < 0 ? axis + i.shape.length + 1 : axis;
      return { dtype: values.dtype, shape: [...i.shape.slice(0, a), depth, ...i.shape.slice(a)] };
    },
    { outputAxes: true },
  ),
  /** The tensor's shape as int64. Folded on reading wherever it can be. */
  Shape: op(1, { start: int(0), end: int() }, ([x], { start, end }) => ({
    dtype: "int64",
    shape: [x.shape.slice(start, end).length],
  })),
  ConstantOfShape: op(0, { value: tensorAttr(), shape: ints() }, (_, { value, shape }) => ({
    dtype: value.dtype,
    shape,
  })),
  DepthToSpace: op(1, { blocksize: int(), mode: string<"DCR" | "CRD">("DCR") }, ([x], { blocksize: b }) => {
    const [n, c, h, w] = x.shape;
    return { dtype: x.dtype, shape: [n, c / (b * b), h * b, w * b] };
  }),
  SpaceToDepth: op(1, { blocksize: int() }, ([x], { blocksize: b }) => {
    const [n, c, h, w] = x.shape;
    return { dtype: x.dtype, shape: [n, c * b * b, h / b, w / b] };
  }),
};
