/**
 * Convolutions by one matrix product as by rows, with the columns in the order of the weights: channel by channel, not tap by tap. Few
 * rows are turned round instead of many weights, which the product then takes as they lie, and dW comes out as W lies. At 512 channels
 * and 4×4 or 2×2 with 16 samples the weights' transposes took 6.4 ms beside 16 and 6 of the product, the columns' take 0.4 and 0.06 (Intel
 * Xeon with AVX-512, one thread). Sums are in another order than by rows.
 */
import type { Builder } from "../../graph/builder.ts";
import { reshape } from "../../graph/emit.ts";
import type { Convolution } from "../../graph/meanings.ts";
import { i64, size } from "../../graph/tensor.ts";
import type { Shape, Value } from "../../graph/types.ts";
import { grid, spatial } from "../../graph/windows.ts";
import type { Formulation } from "../pattern.ts";
import { convByRows, weightByRows, weightShape, windowRows } from "./convolution.ts";
import { channelRows } from "./rows.ts";

/** Whether all samples together have no more positions than Y channels, so that the columns are no larger than the weights. */
const fewRows = ({ shape: [n, , ...to] }: Value, channels: number): boolean => n * size(to) <= channels;

/** Rows of X as seen from each position of Y, [N·o…, C·taps]. */
function windowChannels(g: Builder, x: Value, to: Shape, a: Convolution): Value {
  const rows = windowRows(g, x, to, a);
  const taps = size(a.kernel_shape);
  if (taps === 1) return rows;
  const [n, all] = rows.shape;
  return reshape(g, g.Transpose(reshape(g, rows, [n, taps, all / taps]), { perm: [0, 2, 1] }), [n, all]);
}

/** Y by rows of X times Wᵀ. */
export const convByChannels: Formulation<"Conv"> = {
  applies: ({ attrs }) => attrs.group === 1,
  preferred: (site, t) => fewRows(site.output, site.inputs[1].shape[0]) && !!convByRows.preferred?.(site, t),
  emit(g, { inputs: [x, w, bias], attrs: a, output }) {
    const [m, ...of] = w.shape;
    const seen = windowChannels(g, x, spatial(output), a);
    const product = g.MatMul(seen, g.Transpose(reshape(g, w, [m, size(of)]), { perm: [1, 0] }));
    const rows = reshape(g, bias ? g.Add(product, bias) : product, [x.shape[0], size(spatial(output)), m]);
    return reshape(g, g.Transpose(rows, { perm: [0, 2, 1] }), output.shape);
  },
};

/** dW by dYᵀ times rows of X. */
export const weightByChannels: Formulation<"ConvWeightGradient"> = {
  applies: ({ attrs }) => attrs.group === 1,
  preferred: (site, t) => fewRows(site.inputs[1], site.inputs[1].shape[1]) && !!weightByRows.preferred?.(site, t),
  emit(g, site) {
    const { inputs, attrs: a } = site;
    const [x, dy] = inputs;
    const product = g.MatMul(channelRows(g, dy), windowChannels(g, x, spatial(dy), a));
    return reshape(g, product, weightShape(site));
  },
};

/**
 * dX by rows of dY times W as it lies, the products then added up where they belong. With a stride it multiplies by no zeros and all
 * samples at once: 512 channels from 4×4 to 8×8 with 16 and 128 samples 0.55 and 0.50 of ConvTranspose's time, 2048 to 1024 by 1×1 0.55
 * and 0.52; from 8×8 it is the slower. Without a stride, 16 samples of 512 channels, 0.94 of rows at 4×4, 0.53 at 2×2.
 */
export const inputByChannels: Formulation<"ConvInputGradient"> = {
  applies: ({ attrs }) => attrs.group === 1,
  preferred({ inputs: [dy, w], attrs: { to, strides } }, { inputRows }) {
    if (size(spatial(dy)) > inputRows) return false;
    return strides.some((s) => s > 1) || (size(to) <= inputRows && fewRows(dy, w.shape[0] / 2));
  },
  emit(g, { inputs: [dy, w], attrs: { to, ...a } }) {
    const [m, c, ...kernel] = w.shape;
    const [n, , ...from] = dy.shape;
    const [places, taps] = [size(from), size(kernel)];
    const rows = g.Transpose(reshape(g, dy, [n, m, places]), { perm: [0, 2, 1] });
    const product = g.MatMul(reshape(g, rows, [n * places, m]), reshape(g, w, [m, c * taps]));
    const byTap = taps === 1 ? product : g.Transpose(reshape(g, product, [n * places, c, taps]), { perm: [0, 2, 1] });
    const terms = termsOf(from, to, a);
    const most = Math.max(1, ...terms.map((list) => list.length));
    const hole = places * taps;
    const index = terms.flatMap((list) => [...list, ...Array.from({ length: most - list.length }, () => hole)]);
    const all = reshape(g, byTap, [n, hole, c]);
    const padded = index.includes(hole) ? g.Pad(all, { pads: [0, 0, 0, 0, 1, 0] }) : all;
    const gathered = g.Gather(padded, g.constant(i64(index)), { axis: 1 });
    const sum =
      most === 1 ? gathered : g.ReduceSum(reshape(g, gathered, [n, size(to), most, c]), { axes: [2], keepdims: 0 });
    return reshape(g, g.Transpose(sum, { perm: [0, 2, 1] }), [n, c, ...to]);
  },
};

/** For each position of X, the pairs of a position of Y and a tap that read it, as position·taps + tap. */
function termsOf(from: Shape, to: Shape, a: Convolution): number[][] {
  const taps = grid(a.kernel_shape);
  return grid(to).map((x) =>
    taps.flatMap((q, tap) => {
      const y = x.map((p, i) => (p + a.pads[i] - q[i] * a.dilations[i]) / a.strides[i]);
      const inside = y.every((p, i) => Number.isInteger(p) && p >= 0 && p < from[i]);
      return inside ? [y.reduce((flat, p, i) => flat * from[i] + p, 0) * taps.length + tap] : [];
    }),
  );
}
