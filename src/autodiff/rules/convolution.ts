/**
 * Convolution. With Y = X ⋆ W: y[m, o] = Σ_{c, q} x[c, o·s + q·d − p]·w[m, c, q] (per sample and group),
 * - dX is the transposed convolution of dY with W,
 * - dW[m, c, q] = Σ_{n, o} dy[n, m, o]·x[n, c, o·s + q·d − p] is a convolution too, of X with dY: samples and channels
 *   change places, and so do strides and dilations,
 * and ConvTranspose is the same with X and Y exchanged.
 */
import type { Builder } from "../../graph/builder.ts";
import { reshape } from "../../graph/emit.ts";
import type { Convolution } from "../../graph/meanings.ts";
import type { Shape, Value } from "../../graph/types.ts";
import { spatial } from "../../graph/windows.ts";
import type { FamilyRules } from "./rule.ts";
import { overlapAdd } from "./windows.ts";

export const convolutionRules: FamilyRules<"convolution"> = {
  Conv: (g, { in: [x, w], attrs }, dy) => {
    const { kernel_shape, strides, dilations, pads, group } = attrs;
    const a = { kernel_shape, strides, dilations, pads, group };
    return [inputGradient(g, dy, w, spatial(x), a), weightGradient(g, x, dy, w.shape, a), channelSum(g, dy)];
  },
  ConvTranspose: (g, { in: [x, w], attrs: { kernel_shape, strides, dilations, pads, group } }, dy) => {
    const a = { kernel_shape, strides, dilations, pads, group };
    return [g.Conv(dy, w, null, a), weightGradient(g, dy, x, w.shape, a), channelSum(g, dy)];
  },
};

/** The bias's gradient. */
const channelSum = (g: Builder, dy: Value): Value =>
  g.ReduceSum(dy, { axes: [...dy.shape.keys()].filter((i) => i !== 1), keepdims: 0 });

const inputGradient = (g: Builder, dy: Value, w: Value, to: Shape, a: Convolution): Value =>
  g.means(overlapAdd(g, dy, w, to, a, a.group), "ConvInputGradient", [dy, w], { ...a, to });

/** @param shape W's: [M, C/group, k…] */
function weightGradient(g: Builder, x: Value, dy: Value, shape: Shape, a: Convolution): Value {
  const [, c, ...kernel] = shape;
  const n = x.shape[0];
  const rest = [...kernel.keys()].map((i) => i + 2);
  // X [N, G·C/G, …] → [C/G, G·N, …]: the samples of a group side by side
  const apart = reshape(g, x, [n, a.group, c, ...spatial(x)]);
  const samples = g.Transpose(apart, { perm: [2, 1, 0, ...rest.map((i) => i + 1)] });
  const dY = g.Transpose(dy, { perm: [1, 0, ...rest] }); // [M, N, …]
  const product = g.Conv(reshape(g, samples, [c, a.group * n, ...spatial(x)]), dY, null, {
    kernel_shape: spatial(dy),
    strides: a.dilations,
    dilations: a.strides,
    pads: a.pads,
    group: a.group,
  });
  // a stride that does not divide X leaves rows of it unread: they would be further taps
  const starts = kernel.map(() => 0);
  const whole = kernel.every((k, i) => product.shape[i + 2] === k);
  const taps = whole ? product : g.Slice(product, { starts, ends: kernel, axes: rest });
  const dW = g.Transpose(taps, { perm: [1, 0, ...rest] }); // [C/G, M, …] → [M, C/G, …]
  return g.means(dW, "ConvWeightGradient", [x, dy], a);
}
