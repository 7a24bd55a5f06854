/**
 * Gradients of Conv and ConvTranspose, Y = X ⋆ W. The ratios are of CPU time at batch 128, onnxruntime-node 1.30, AMD
 * EPYC (Zen 3).
 */
import type { Builder } from "../../graph/builder.ts";
import { reshape, reversed } from "../../graph/emit.ts";
import type { Convolution } from "../../graph/meanings.ts";
import { size } from "../../graph/tensor.ts";
import type { Shape, Value } from "../../graph/types.ts";
import { oneHotTaps, spatial } from "../../graph/windows.ts";
import type { Formulation, Site } from "../pattern.ts";
import type { Thresholds } from "../target.ts";
import { channelRows, rowsOf } from "./rows.ts";

/**
 * Y by one matrix product: rows of X as seen from each position of Y, times W. On AVX-512 (Zen 5, two threads) it
 * reaches 391 GF/s at 512 channels and 4×4, 381 at 512 and 2×2, where Conv reaches 200 and 43 and blocks 208 and 92; on AVX2
 * 150 at 512 and 4×4, where Conv reaches 117. Where there are more positions, blocks are the faster on both. Of one tap, Conv is a
 * product too: it takes 0.8 to 0.95 of the time at 4×4, 1.5 times as long at 3×3 and 3 times as long at 2×2 (Zen 4, one thread).
 */
export const convByRows: Formulation<"Conv"> = {
  applies: ({ attrs }) => attrs.group === 1,
  preferred: ({ inputs: [, w], attrs, output }, { outputRows, rowChannels }) =>
    size(spatial(output)) <= (isPointwise(attrs) ? outputRows - 1 : outputRows) &&
    w.shape[0] >= rowChannels &&
    w.shape[1] >= rowChannels,
  emit(g, { inputs: [x, w, bias], attrs: a, output }) {
    const [m, c] = w.shape;
    const taps = size(a.kernel_shape);
    const seen = windowRows(g, x, spatial(output), a);
    const weights = g.Transpose(reshape(g, w, [m, c, taps]), { perm: [2, 1, 0] });
    const product = g.MatMul(seen, reshape(g, weights, [taps * c, m]));
    const rows = reshape(g, bias ? g.Add(product, bias) : product, [x.shape[0], size(spatial(output)), m]);
    return reshape(g, g.Transpose(rows, { perm: [0, 2, 1] }), output.shape);
  },
};

/** Rows of X as seen from each position of Y. */
export const windowRows = (g: Builder, x: Value, to: Shape, a: Convolution): Value =>
  rowsOf(g, x, to, a.kernel_shape, (o, q) => o.map((p, i) => p * a.strides[i] + q[i] * a.dilations[i] - a.pads[i]));

/**
 * dX by one matrix product: rows of dY as seen from each position of X, times W. Against a flipped Conv 0.7 at 4×4, 0.24
 * at 2×2, but 1.6 at 8×8.
 */
export const inputByRows: Formulation<"ConvInputGradient"> = {
  applies: ({ attrs }) => attrs.group === 1,
  preferred: ({ inputs: [dy], attrs: { to } }, { inputRows }) =>
    size(to) <= inputRows && size(spatial(dy)) <= inputRows,
  emit(g, { inputs: [dy, w], attrs: { to, ...a } }) {
    const [m, c] = w.shape;
    const n = dy.shape[0];
    const seen = rowsOf(g, dy, to, a.kernel_shape, (x, q) =>
      x.map((p, i) => (p + a.pads[i] - q[i] * a.dilations[i]) / a.strides[i]),
    );
    const taps = size(a.kernel_shape);
    const weights = g.Transpose(reshape(g, w, [m, c, taps]), { perm: [2, 0, 1] });
    const rows = g.MatMul(seen, reshape(g, weights, [taps * m, c]));
    return reshape(g, g.Transpose(reshape(g, rows, [n, size(to), c]), { perm: [0, 2, 1] }), [n, c, ...to]);
  },
};

/**
 * dX by Conv with the kernels flipped. Against ConvTranspose 0.8 for equal sizes and more parallel, but 3.7 for
 * 8×8 → 12×12, as it works on every position of X, not of Y.
 */
export const inputByFlippedConv: Formulation<"ConvInputGradient"> = {
  applies: canFlip,
  preferred: ({ inputs: [dy], attrs: { to } }, { flippedGrowth }) => size(to) <= flippedGrowth * size(spatial(dy)),
  emit(g, site) {
    const [dy, w] = site.inputs;
    const { kernel_shape, dilations, group } = site.attrs;
    return g.Conv(dy, flipped(g, w, group), null, { kernel_shape, dilations, group, pads: flippedPads(site) });
  },
};

/** Whether dX is a Conv of dY: stride 1, and no more padding than the kernel reaches. */
export function canFlip(site: Site<"ConvInputGradient">): boolean {
  return site.attrs.strides.every((s) => s === 1) && flippedPads(site).every((p) => p >= 0);
}

/** Pads of that Conv. */
export function flippedPads({ inputs: [dy], attrs: { to, ...a } }: Site<"ConvInputGradient">): number[] {
  const reach = a.kernel_shape.map((k, i) => a.dilations[i] * (k - 1));
  const begins = reach.map((r, i) => r - a.pads[i]);
  return [...begins, ...reach.map((r, i) => to[i] - spatial(dy)[i] + r - begins[i])];
}

/** W [M, C/group, k…] → [C, M/group, k…], each kernel rotated by half a turn. */
function flipped(g: Builder, w: Value, group: number): Value {
  const [m, c, ...kernel] = w.shape;
  const apart = reshape(g, w, [group, m / group, c, size(kernel)]);
  const turned = reversed(g, g.Transpose(apart, { perm: [0, 2, 1, 3] }), 3);
  return reshape(g, turned, [group * c, m / group, ...kernel]);
}

type WeightSite = Site<"ConvWeightGradient">;

/** W's shape: [M, C/group, k…]. */
export const weightShape = ({ inputs: [x, dy], attrs: { group, kernel_shape } }: WeightSite): Shape => [
  dy.shape[1],
  x.shape[1] / group,
  ...kernel_shape,
];

/** A weight's gradient in two steps: what can be summed over samples, and its elements in the weight's order. */
export interface BySum {
  sum(g: Builder, site: WeightSite): Value;
  arranged(g: Builder, sum: Value, site: WeightSite): Value;
}

const inOne = ({ sum, arranged }: BySum): Pick<Formulation<"ConvWeightGradient">, "emit"> => ({
  emit: (g, site) => arranged(g, sum(g, site), site),
});

/** Whether a convolution reads each position once, as it lies: of one tap, without strides and pads. */
export const isPointwise = ({ kernel_shape, strides, pads }: Convolution): boolean =>
  size(kernel_shape) === 1 && strides.every((s) => s === 1) && pads.every((p) => p === 0);

/** Enough channels that a product over all of them outweighs the data movement. */
const isWide = ({ inputs: [x] }: WeightSite, { productChannels }: Thresholds) => x.shape[1] >= productChannels;

/** dYᵀ · rows of X. */
export const sumByRows: BySum = {
  sum(g, { inputs: [x, dy], attrs: a }) {
    return g.MatMul(channelRows(g, dy), windowRows(g, x, spatial(dy), a));
  },
  arranged(g, sum, site) {
    const [m, c, ...kernel] = weightShape(site);
    return reshape(g, g.Transpose(reshape(g, sum, [m, size(kernel), c]), { perm: [0, 2, 1] }), weightShape(site));
  },
};

/**
 * dW by one product over all samples and positions: dYᵀ · rows of X. Against columns 0.6–0.8 at 8×8, 0.8–0.9 at 16×16,
 * far less below; 1.0 and more above. Of one tap, whose columns are X itself, 0.6–0.8 at 8×8, but 1.1–1.7 at 16×16 (AMD EPYC with AVX-512).
 */
export const weightByRows: Formulation<"ConvWeightGradient"> = {
  applies: ({ attrs }) => attrs.group === 1,
  preferred: (site, t) =>
    isWide(site, t) && size(spatial(site.inputs[1])) <= (isPointwise(site.attrs) ? t.weightRows / 2 : t.weightRows),
  ...inOne(sumByRows),
};

/** Rows of Xᵀ · dY. */
export const sumByTallProduct: BySum = {
  sum(g, { inputs: [x, dy], attrs: a }) {
    const [n, m] = dy.shape;
    const to = spatial(dy);
    const seen = isPointwise(a) ? channelRows(g, x) : g.Transpose(windowRows(g, x, to, a), { perm: [1, 0] });
    const dY = g.Transpose(reshape(g, dy, [n, m, size(to)]), { perm: [0, 2, 1] });
    return g.MatMul(seen, reshape(g, dY, [n * size(to), m]));
  },
  arranged(g, sum, site) {
    const [m, c, ...kernel] = weightShape(site);
    const turned = g.Transpose(reshape(g, sum, [size(kernel), c, m]), { perm: [2, 1, 0] });
    return reshape(g, turned, weightShape(site));
  },
};

/**
 * The same product turned round, rows of Xᵀ · dY: a tall result. On AVX-512 (Sapphire Rapids, one thread) 0.88 of the time at 32
 * channels and 32×32, 0.80 at 32 and 16×16, 0.76 at 64 and 16×16, 0.77 at 64 and 8×8, 0.78 at 128 and 8×8, 1.0 at 256 and 8×8, 1.5
 * at 512 and 4×4.
 */
export const weightByTallProduct: Formulation<"ConvWeightGradient"> = {
  applies: ({ attrs }) => attrs.group === 1,
  preferred(site, t) {
    const [m, c, ...kernel] = weightShape(site);
    return m <= t.tallChannels && m < c * size(kernel) && !!weightByRows.preferred?.(site, t);
  },
  ...inOne(sumByTallProduct),
};

/** dY's taps of the first axis · X's of the last, for each sample. */
export const sumByHalves: BySum = {
  sum(g, { inputs: [x, dy], attrs: a }) {
    const [n, c] = x.shape;
    const m = dy.shape[1];
    const [[kh, kw], [dh, dw]] = [a.kernel_shape, a.dilations];
    const across = { kernel_shape: [1, kw], dilations: [1, dw], pads: a.pads, group: c };
    const xTaps = g.Conv(x, oneHotTaps(g, x.dtype, c, [1, kw]), null, across);
    const reach = (kh - 1) * dh;
    const down = { kernel_shape: [kh, 1], dilations: [dh, 1], pads: [reach, 0, reach, 0], group: m };
    const dyTaps = g.Conv(dy, oneHotTaps(g, x.dtype, m, [kh, 1], true), null, down);
    const positions = size(spatial(xTaps));
    const seen = g.Transpose(reshape(g, xTaps, [n, c * kw, positions]), { perm: [0, 2, 1] });
    const product = g.MatMul(reshape(g, dyTaps, [n, m * kh, positions]), seen);
    return g.ReduceSum(product, { axes: [0], keepdims: 0 });
  },
  arranged(g, sum, site) {
    const [m, c, kh, kw] = weightShape(site);
    return reshape(g, g.Transpose(reshape(g, sum, [m, kh, c, kw]), { perm: [0, 2, 1, 3] }), weightShape(site));
  },
};

/**
 * dW by columns as below, but with the taps of the last axis taken from X and those of the first from dY: less to move.
 * Against columns 0.7 for 16 channels at 32×32, 0.8 for 64.
 */
export const weightByHalves: Formulation<"ConvWeightGradient"> = {
  applies: ({ attrs: { group, strides, kernel_shape } }) =>
    group === 1 && strides.every((s) => s === 1) && kernel_shape.length === 2 && size(kernel_shape) > 1,
  preferred: isWide,
  ...inOne(sumByHalves),
};

/** dY · columnsᵀ, for each sample. */
export const sumByColumns: BySum = {
  sum(g, { inputs: [x, dy], attrs: a }) {
    const [n, c] = x.shape;
    const columns = columnsOf(g, x, a);
    const taps = size(a.kernel_shape);
    const positions = size(spatial(dy));
    const perGroup = (v: Value, channels: number) => reshape(g, v, [n, a.group, channels / a.group, positions]);
    const seen = g.Transpose(perGroup(columns, c * taps), { perm: [0, 1, 3, 2] });
    const product = g.MatMul(perGroup(dy, dy.shape[1]), seen);
    return g.ReduceSum(product, { axes: [0], keepdims: 0 });
  },
  arranged: (g, sum, site) => reshape(g, sum, weightShape(site)),
};

/** dW by one product per sample and group, summed: dY · columnsᵀ, the columns by a one-hot depthwise convolution. */
export const weightByColumns: Formulation<"ConvWeightGradient"> = {
  preferred: () => true,
  ...inOne(sumByColumns),
};

/** X [N, C, …] → [N, C·taps, o…]: what each tap of the window meets. */
function columnsOf(g: Builder, x: Value, a: Convolution): Value {
  if (isPointwise(a)) return x;
  const { kernel_shape, strides, pads, dilations } = a;
  const c = x.shape[1];
  const taps = oneHotTaps(g, x.dtype, c, kernel_shape);
  return g.Conv(x, taps, null, { kernel_shape, strides, pads, dilations, group: c });
}
