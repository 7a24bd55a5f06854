/**
 * Convolution by MLAS's direct kernels on blocks of B channels, which ONNX Runtime itself uses for constant weights alone.
 * B must be the processor's: another gives wrong numbers without an error. GF/s of a 3×3 convolution forward, Conv against
 * blocks with the reordering, batch 128: AVX2 (Zen 3, B = 8, two threads) 115 : 147 at 64 channels and 32×32, 133 : 172 at 256 and
 * 8×8, 117 : 116 at 512 and 4×4; AVX-512 (Zen 5, B = 16, two threads) 198 : 232, 205 : 240, 204 : 208, and 85 : 81 at 16 channels
 * and 32×32; AVX-512 (Sapphire Rapids, one thread) 38 : 59 at 16 and 32×32, 53 : 86 at 32 and 32×32, 85 : 126 at 64 and 16×16,
 * 91 : 127 at 128 and 8×8. A 1×1 convolution is a product already, for which reordering does not pay.
 */
import type { Builder } from "../../graph/builder.ts";
import { reshape, reversed } from "../../graph/emit.ts";
import { size } from "../../graph/tensor.ts";
import type { Shape, Value } from "../../graph/types.ts";
import { spatial } from "../../graph/windows.ts";
import type { Formulation } from "../pattern.ts";
import { type Target, type Thresholds, targetHas } from "../target.ts";
import { canFlip, flippedPads } from "./convolution.ts";

export const BLOCKS = "com.microsoft.nchwc";

/** Whether every channel has a kernel of its own. */
export const isDepthwise = ({ shape: [o, i] }: Value, group: number): boolean => group > 1 && o === group && i === 1;

/** Whether a convolution with these weights can be computed on blocks. */
export function fits(target: Target, w: Value, group: number): boolean {
  const { block } = target;
  if (block === undefined || !targetHas(target, "Conv", BLOCKS) || w.dtype !== "float32" || w.shape.length !== 4)
    return false;
  const [o, i] = w.shape;
  return o % block === 0 && (isDepthwise(w, group) || (group === 1 && i % block === 0));
}

/** Enough positions and taps that the reordering pays. */
const pays = (positions: Shape, kernel: Shape, { outputRows }: Thresholds): boolean =>
  size(kernel) > 1 && size(positions) > outputRows;

interface Attributes {
  readonly group: number;
  readonly kernel_shape: Shape;
  readonly strides?: Shape;
  readonly pads: Shape;
  readonly dilations: Shape;
}

/** @param x in blocks @param w in blocks, in the order in which the kernel reads them */
function blockedConv(g: Builder, x: Value, w: Value, bias: Value | null, attrs: Attributes): Value {
  const blocks = g.in(BLOCKS);
  return blocks.ReorderOutput(blocks.Conv(x, w, bias, attrs), { channels: w.shape[0] });
}

const reordered = new WeakMap<Builder, Map<Value, Value>>();

/** dY in blocks, once for the gradients of X and of W: the runtime does not see that both reorder the same. */
export function reorderedGradient(g: Builder, dy: Value): Value {
  const of = reordered.get(g) ?? new Map<Value, Value>();
  const made = of.get(dy) ?? g.in(BLOCKS).ReorderInput(dy);
  reordered.set(g, of.set(dy, made));
  return made;
}

/** W in the order of the kernel: [O/B, I/B, k…, B of I, B of O]; of depthwise convolution [C/B, k…, B]. */
function blocksOf(g: Builder, w: Value, group: number, b: number): Value {
  const [o, i, kh, kw] = w.shape;
  if (isDepthwise(w, group))
    return reshape(g, g.Transpose(reshape(g, w, [o / b, b, kh * kw]), { perm: [0, 2, 1] }), w.shape);
  const apart = reshape(g, w, [o / b, b, i / b, b, kh, kw]);
  return reshape(g, g.Transpose(apart, { perm: [0, 2, 4, 5, 3, 1] }), w.shape);
}

/** The same for dX, whose kernels are flipped and whose channels change places: [I/B, O/B, k…, B of O, B of I]. */
function turnedBlocksOf(g: Builder, w: Value, group: number, b: number): Value {
  const [o, i, kh, kw] = w.shape;
  if (isDepthwise(w, group)) {
    const blocks = g.Transpose(reshape(g, w, [o / b, b, kh * kw]), { perm: [0, 2, 1] });
    return reshape(g, reversed(g, blocks, 1), w.shape);
  }
  const apart = reshape(g, w, [o / b, b, i / b, b, kh * kw]);
  return reshape(g, reversed(g, g.Transpose(apart, { perm: [2, 0, 4, 1, 3] }), 2), [i, o, kh, kw]);
}

export const convByBlocks: Formulation<"Conv"> = {
  onBlocks: true,
  applies: ({ inputs: [, w], attrs: { group } }, target) => fits(target, w, group),
  preferred: ({ inputs: [, w], attrs: { kernel_shape, group }, output }, t) =>
    isDepthwise(w, group) || pays(spatial(output), kernel_shape, t),
  emit: (g, { inputs: [x, w, bias], attrs: { group, kernel_shape, strides, pads, dilations } }, { block }) =>
    blockedConv(g, g.in(BLOCKS).ReorderInput(x), blocksOf(g, w, group, block!), bias ?? null, {
      ...{ group, kernel_shape, strides, pads, dilations },
    }),
};

/** dX as a Conv with flipped kernels. */
export const inputByBlocks: Formulation<"ConvInputGradient"> = {
  onBlocks: true,
  applies: (site, target) => canFlip(site) && fits(target, site.inputs[1], site.attrs.group),
  preferred: ({ inputs: [, w], attrs: { kernel_shape, group, to } }, t) =>
    isDepthwise(w, group) || pays(to, kernel_shape, t),
  emit(g, site, { block }) {
    const [dy, w] = site.inputs;
    const { group, kernel_shape, dilations } = site.attrs;
    const turned = turnedBlocksOf(g, w, group, block!);
    return blockedConv(g, reorderedGradient(g, dy), turned, null, {
      group,
      kernel_shape,
      dilations,
      pads: flippedPads(site),
    });
  },
};
