/**
 * Convolution. With Y = X ⋆ W: y[m, o] = Σ_{c, q} x[c, o·s + q·d − p]·w[m, c, q] (per sample and group),
 * - dX is the transposed convolution of dY with W,
 * - dW[m, c, q] = Σ_{n, o} dy[n, m, o]·x[n, c, o·s + q·d − p], a product over samples and positions,
 * and ConvTranspose is the same with X and Y exchanged. Of several forms the shape chooses; the ratios are of CPU time at
 * batch 128, onnxruntime-node 1.30, AMD EPYC.
 */
import type { Builder } from "../../graph/builder.ts";
import { size } from "../../graph/tensor.ts";
import type { Shape, Value } from "../../graph/types.ts";
import { reshape } from "../fit.ts";
import { reversed } from "./indexing.ts";
import type { Rules } from "./rule.ts";
import { oneHot, overlapAdd, rowsOf, spatial, type Window } from "./windows.ts";

interface Convolution extends Window {
  readonly group: number;
}

export const convolution: Rules<"Conv" | "ConvTranspose"> = {
  Conv: (g, { in: [x, w], attrs }, dy) => [
    inputGradient(g, w, dy, spatial(x), attrs),
    weightGradient(g, x, dy, w.shape, attrs),
    channelSum(g, dy),
  ],
  ConvTranspose: (g, { in: [x, w], attrs: { kernel_shape, strides, dilations, pads, group } }, dy) => {
    const a = { kernel_shape, strides, dilations, pads, group };
    return [g.Conv(dy, w, null, a), weightGradient(g, dy, x, w.shape, a), channelSum(g, dy)];
  },
};

/** The bias's gradient. */
const channelSum = (g: Builder, dy: Value): Value =>
  g.ReduceSum(dy, { axes: [...dy.shape.keys()].filter((i) => i !== 1), keepdims: 0 });

function inputGradient(g: Builder, w: Value, dy: Value, to: Shape, a: Convolution): Value {
  const [from, input, output] = [spatial(dy), size(to), size(spatial(dy))];
  // rows against a flipped Conv: 0.7 at 4×4, 0.24 at 2×2, but 1.6 at 8×8
  if (input <= 16 && output <= 16 && a.group === 1) return inputGradientByRows(g, w, dy, to, a);
  const begins = a.kernel_shape.map((k, i) => a.dilations[i] * (k - 1) - a.pads[i]);
  const ends = a.kernel_shape.map((k, i) => to[i] - from[i] + a.dilations[i] * (k - 1) - begins[i]);
  const pads = [...begins, ...ends];
  // a flipped Conv against ConvTranspose: 0.8 for equal sizes and more parallel, but 3.7 for 8×8 → 12×12,
  // as it works on every position of X, not of Y
  const flippable = a.strides.every((s) => s === 1) && pads.every((p) => p >= 0) && input <= 1.5 * output;
  if (!flippable) return overlapAdd(g, dy, w, to, a, a.group);
  const { kernel_shape, dilations, group } = a;
  return g.Conv(dy, flipped(g, w, group), null, { kernel_shape, dilations, group, pads });
}

/** W [M, C/group, k…] → [C, M/group, k…], each kernel rotated by half a turn. */
function flipped(g: Builder, w: Value, group: number): Value {
  const [m, c, ...kernel] = w.shape;
  const apart = reshape(g, w, [group, m / group, c, size(kernel)]);
  const turned = reversed(g, g.Transpose(apart, { perm: [0, 2, 1, 3] }), 3);
  return reshape(g, turned, [group * c, m / group, ...kernel]);
}

/** One matrix product: rows of dY as seen from each position of X, times W. */
function inputGradientByRows(g: Builder, w: Value, dy: Value, to: Shape, a: Convolution): Value {
  const [m, c] = w.shape;
  const n = dy.shape[0];
  const seen = rowsOf(g, dy, to, a.kernel_shape, (x, q) =>
    x.map((p, i) => (p + a.pads[i] - q[i] * a.dilations[i]) / a.strides[i]),
  );
  const taps = size(a.kernel_shape);
  const weights = g.Transpose(reshape(g, w, [m, c, taps]), { perm: [2, 0, 1] });
  const rows = g.MatMul(seen, reshape(g, weights, [taps * m, c]));
  return reshape(g, g.Transpose(reshape(g, rows, [n, size(to), c]), { perm: [0, 2, 1] }), [n, c, ...to]);
}

function weightGradient(g: Builder, x: Value, dy: Value, shape: Shape, a: Convolution): Value {
  const many = a.group === 1 && x.shape[1] >= 8; // channels, so that the product outweighs the data movement
  const positions = size(spatial(dy));
  // rows against columns: 0.6–0.8 at 8×8, 0.8–0.9 at 16×16, far less below; 1.0 and more above
  if (many && positions <= 256) return weightGradientByRows(g, x, dy, shape, a);
  const plain = a.strides.every((s) => s === 1);
  // half and half against columns: 0.7 for 16 channels at 32×32, 0.8 for 64
  if (many && plain && a.kernel_shape.length === 2 && size(a.kernel_shape) > 1)
    return weightGradientByHalves(g, x, dy, shape, a);
  return weightGradientByColumns(g, x, dy, shape, a);
}

/** One product over all samples and positions: dYᵀ · rows of X. */
function weightGradientByRows(g: Builder, x: Value, dy: Value, shape: Shape, a: Convolution): Value {
  const [m, c] = shape;
  const [n, to] = [dy.shape[0], spatial(dy)];
  const seen = rowsOf(g, x, to, a.kernel_shape, (o, q) =>
    o.map((p, i) => p * a.strides[i] + q[i] * a.dilations[i] - a.pads[i]),
  );
  const dY = g.Transpose(reshape(g, dy, [n, m, size(to)]), { perm: [1, 0, 2] });
  const product = g.MatMul(reshape(g, dY, [m, n * size(to)]), seen);
  const taps = size(a.kernel_shape);
  return reshape(g, g.Transpose(reshape(g, product, [m, taps, c]), { perm: [0, 2, 1] }), shape);
}

/** One product per sample and group, summed: dY · columnsᵀ, the columns by a one-hot depthwise convolution. */
function weightGradientByColumns(g: Builder, x: Value, dy: Value, shape: Shape, a: Convolution): Value {
  const [n, c] = x.shape;
  const { kernel_shape, strides, pads, dilations } = a;
  const taps = size(kernel_shape);
  const untouched = taps === 1 && strides.every((s) => s === 1) && pads.every((p) => p === 0);
  const columns = untouched
    ? x
    : g.Conv(x, oneHot(g, x.dtype, c, kernel_shape), null, { kernel_shape, strides, pads, dilations, group: c });
  const positions = size(spatial(dy));
  const perGroup = (v: Value, channels: number) => reshape(g, v, [n, a.group, channels / a.group, positions]);
  const seen = g.Transpose(perGroup(columns, c * taps), { perm: [0, 1, 3, 2] });
  const product = g.MatMul(perGroup(dy, dy.shape[1]), seen);
  return reshape(g, g.ReduceSum(product, { axes: [0], keepdims: 0 }), shape);
}

/** The same with the taps of the last axis taken from X and those of the first from dY: less to move. Stride 1, 2-D. */
function weightGradientByHalves(g: Builder, x: Value, dy: Value, shape: Shape, a: Convolution): Value {
  const [n, c] = x.shape;
  const m = dy.shape[1];
  const [[kh, kw], [dh, dw]] = [a.kernel_shape, a.dilations];
  const across = { kernel_shape: [1, kw], dilations: [1, dw], pads: a.pads, group: c };
  const xTaps = g.Conv(x, oneHot(g, x.dtype, c, [1, kw]), null, across);
  const reach = (kh - 1) * dh;
  const down = { kernel_shape: [kh, 1], dilations: [dh, 1], pads: [reach, 0, reach, 0], group: m };
  const dyTaps = g.Conv(dy, oneHot(g, x.dtype, m, [kh, 1], true), null, down);
  const positions = size(spatial(xTaps));
  const seen = g.Transpose(reshape(g, xTaps, [n, c * kw, positions]), { perm: [0, 2, 1] });
  const product = g.MatMul(reshape(g, dyTaps, [n, m * kh, positions]), seen);
  const total = reshape(g, g.ReduceSum(product, { axes: [0], keepdims: 0 }), [m, kh, c, kw]);
  return reshape(g, g.Transpose(total, { perm: [0, 2, 1, 3] }), shape);
}
