/**
 * Pooling. The gradient of a maximum goes to the first of the largest elements in row-major order, as torch's: on MNIST
 * 42 % of LeNet's windows have ties. MaxPool's Indices output would say which one, but fails on WebGPU at run time.
 */
import type { Builder } from "../../graph/builder.ts";
import { constantOf, ones, positive, reshape } from "../../graph/emit.ts";
import { i32Range, size } from "../../graph/tensor.ts";
import type { Shape, Value } from "../../graph/types.ts";
import { grid, oneHotTaps, spatial, type Window } from "../../graph/windows.ts";
import { asNumber, sign } from "./masks.ts";
import type { FamilyRules } from "./rule.ts";
import { overlapAdd } from "./windows.ts";

export const poolingRules: FamilyRules<"pooling"> = {
  MaxPool: (g, { in: [x], out: [y], attrs }, [dy]) => {
    if (!dy) return [null];
    const a = windowOf(attrs);
    return [g.means(toFirstMaximum(g, x, y!, dy, a), "MaxPoolGradient", [x, y!, dy], a)];
  },
  // dy/count to every element of the window
  AveragePool: (g, { in: [x], attrs }, dy) => {
    const a = windowOf(attrs);
    const part = g.Div(dy, counts(g, x, dy, attrs));
    const kernel = constantOf(g, x.dtype, [1, 1, ...attrs.kernel_shape], () => 1);
    const maps = reshape(g, part, [x.shape[0] * x.shape[1], 1, ...spatial(dy)]);
    const dx = reshape(g, overlapAdd(g, maps, kernel, spatial(x), a), x.shape);
    return [g.means(dx, "AveragePoolGradient", [part], { ...a, to: spatial(x) })];
  },
  // y = (Σ |x|ᵖ)^(1/p)  ⇒  dx = sign(x)·|x|^(p−1)·Σ dy·y^(1−p) over the windows that x is in; 0 where y is
  LpPool: (g, { in: [x], out: y, attrs }, dy) => {
    const a = windowOf(attrs);
    const kernel = constantOf(g, x.dtype, [1, 1, ...attrs.kernel_shape], () => 1);
    const part = reshape(g, g.Mul(dy, powerOrZero(g, y, attrs.p)), [x.shape[0] * x.shape[1], 1, ...spatial(dy)]);
    return [g.Mul(reshape(g, overlapAdd(g, part, kernel, spatial(x), a), x.shape), signedPower(g, x, attrs.p))];
  },
  GlobalLpPool: (g, { in: [x], out: y, attrs: { p } }, dy) => [
    g.Mul(g.Mul(dy, powerOrZero(g, y, p)), signedPower(g, x, p)),
  ],
  // sums over windows  ⇒  the windows, as a convolution whose kernels read one tap each
  Col2Im: (g, { in: [x], attrs }, dy) => {
    const { block_shape: kernel_shape, strides, pads, dilations, image_shape } = attrs;
    const images = reshape(g, dy, [dy.shape[0] * dy.shape[1], 1, ...image_shape]);
    const taps = oneHotTaps(g, x.dtype, 1, kernel_shape);
    return [reshape(g, g.Conv(images, taps, null, { kernel_shape, strides, pads, dilations }), x.shape)];
  },
  GlobalAveragePool: (g, { in: [x] }, dy) => [g.Div(dy, size(spatial(x)))],
  // int32, because comparisons of int64 have no WebGPU kernel
  GlobalMaxPool: (g, { in: [x] }, dy) => {
    const flat = [x.shape[0], x.shape[1], size(spatial(x))];
    const first = g.Cast(g.ArgMax(reshape(g, x, flat), { axis: 2, keepdims: 1 }), { to: "int32" });
    const chosen = ones(g, g.Equal(g.constant(i32Range(flat[2])), first), x);
    return [reshape(g, g.Mul(chosen, reshape(g, dy, [...flat.slice(0, 2), 1])), x.shape)];
  },
};

const windowOf = ({ kernel_shape, strides, pads, dilations }: Window): Window => ({
  kernel_shape,
  strides,
  pads,
  dilations,
});

/** d|x|ᵖ/dx without its factor p: sign(x)·|x|^(p−1). */
const signedPower = (g: Builder, x: Value, p: number): Value =>
  p === 1 ? sign(g, x) : p === 2 ? x : g.Mul(sign(g, x), g.Pow(g.Abs(x), p - 1));

/** y^(1−p) of y ≥ 0; 0 where y is. */
function powerOrZero(g: Builder, y: Value, p: number): Value | number {
  if (p === 1) return 1;
  const divisor = g.Where(g.Equal(y, 0), asNumber(g, 1, y), y);
  return g.Mul(g.Pow(divisor, 1 - p), positive(g, y));
}

/** Tap by tap, a largest element takes dy if none before it did; then the taps go back to their places. */
function toFirstMaximum(g: Builder, x: Value, y: Value, dy: Value, a: Window): Value {
  const [n, c] = x.shape;
  let free: Value | undefined;
  const parts = tapsOf(g, x, spatial(dy), a).map((tap) => {
    const largest = ones(g, g.GreaterOrEqual(tap, y), x);
    const taken = free ? g.Mul(largest, free) : largest;
    free = g.Sub(free ?? 1, taken);
    return reshape(g, g.Mul(taken, dy), [n * c, 1, ...spatial(dy)]);
  });
  const stacked = g.Concat(parts, { axis: 1 });
  const back = overlapAdd(g, stacked, oneHotTaps(g, x.dtype, 1, a.kernel_shape), spatial(x), a);
  return reshape(g, back, x.shape);
}

/** For each tap of the window, the element of x that it meets at every output position; −∞ outside of x. */
function tapsOf(g: Builder, x: Value, to: Shape, a: Window): Value[] {
  const rank = to.length;
  const span = (i: number) => (to[i] - 1) * a.strides[i] + a.dilations[i] * (a.kernel_shape[i] - 1) + 1;
  const begins = a.pads.slice(0, rank);
  const ends = to.map((_, i) => Math.max(0, span(i) - begins[i] - x.shape[i + 2]));
  const pads = [0, 0, ...begins, 0, 0, ...ends];
  const padded = pads.some((p) => p > 0) ? g.Pad(x, { pads, value: Number.NEGATIVE_INFINITY }) : x;
  return grid(a.kernel_shape).map((q) => {
    const starts = q.map((p, i) => p * a.dilations[i]);
    const stops = starts.map((s, i) => s + (to[i] - 1) * a.strides[i] + 1);
    return g.Slice(padded, { starts, ends: stops, axes: to.map((_, i) => i + 2), steps: a.strides });
  });
}

/** How many elements each window averages over; padding counts where count_include_pad says so. */
function counts(g: Builder, x: Value, dy: Value, a: Window & { readonly count_include_pad: number }): Value | number {
  const rank = a.kernel_shape.length;
  const along = (i: number, o: number) => {
    const [low, high] = a.count_include_pad ? [-a.pads[i], x.shape[i + 2] + a.pads[i + rank]] : [0, x.shape[i + 2]];
    const taps = Array.from({ length: a.kernel_shape[i] }, (_, q) => o * a.strides[i] - a.pads[i] + q * a.dilations[i]);
    return taps.filter((p) => p >= low && p < high).length;
  };
  const all = grid(spatial(dy)).map((o) => o.reduce((p, at, i) => p * along(i, at), 1));
  return all.every((n) => n === all[0]) ? all[0] : constantOf(g, x.dtype, spatial(dy), (k) => all[k]);
}
