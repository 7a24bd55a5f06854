/**
 * Convolution by MLAS's direct kernels on blocks of B channels, which ONNX Runtime itself uses for constant weights alone.
 * B must be the processor's: another gives wrong numbers without an error. GF/s of a 3×3 convolution forward, Conv against
 * blocks, batch 128: AVX2 (Zen 3, B = 8) 115 : 147 at 64 channels and 32×32, 133 : 172 at 256 and 8×8, 117 : 116 at 512 and
 * 4×4; AVX-512 (Zen 5, B = 16) 198 : 232, 205 : 240, 204 : 208, and 85 : 81 at 16 channels and 32×32. For a plan alone, as
 * B must be probed.
 */
import type { Builder } from "../../graph/builder.ts";
import { reshape, reversed } from "../../graph/emit.ts";
import { size } from "../../graph/tensor.ts";
import type { Shape, Value } from "../../graph/types.ts";
import type { Formulation } from "../pattern.ts";
import { type Target, targetHas } from "../target.ts";
import { canFlip, flippedPads } from "./convolution.ts";

const DOMAIN = "com.microsoft.nchwc";

const fits = (target: Target, w: Value, group: number): boolean =>
  target.block !== undefined &&
  targetHas(target, "Conv", DOMAIN) &&
  group === 1 &&
  w.dtype === "float32" &&
  w.shape.length === 4 &&
  w.shape[0] % target.block === 0 &&
  w.shape[1] % target.block === 0;

interface Attributes {
  readonly kernel_shape: Shape;
  readonly strides?: Shape;
  readonly pads: Shape;
  readonly dilations: Shape;
}

/** @param w in blocks, in the order in which the kernel reads them */
function blockedConv(g: Builder, x: Value, w: Value, bias: Value | null, attrs: Attributes): Value {
  const blocks = g.in(DOMAIN);
  return blocks.ReorderOutput(blocks.Conv(blocks.ReorderInput(x), w, bias, attrs), { channels: w.shape[0] });
}

/** Y, with W as [O/B, I/B, k…, B of I, B of O]. */
export const convByBlocks: Formulation<"Conv"> = {
  applies: ({ inputs: [, w], attrs: { group } }, target) => fits(target, w, group),
  emit(g, { inputs: [x, w, bias], attrs: { kernel_shape, strides, pads, dilations } }, { block }) {
    const [o, i, kh, kw] = w.shape;
    const b = block!;
    const apart = reshape(g, w, [o / b, b, i / b, b, kh, kw]);
    const blocks = reshape(g, g.Transpose(apart, { perm: [0, 2, 4, 5, 3, 1] }), w.shape);
    return blockedConv(g, x, blocks, bias ?? null, { kernel_shape, strides, pads, dilations });
  },
};

/** dX as a Conv with W as [I/B, O/B, k…, B of O, B of I], its kernels flipped. */
export const inputByBlocks: Formulation<"ConvInputGradient"> = {
  applies: (site, target) => canFlip(site) && fits(target, site.inputs[1], site.attrs.group),
  emit(g, site, { block }) {
    const [dy, w] = site.inputs;
    const { kernel_shape, dilations } = site.attrs;
    const [o, i, kh, kw] = w.shape;
    const b = block!;
    const apart = reshape(g, w, [o / b, b, i / b, b, size(kernel_shape)]);
    const blocks = reversed(g, g.Transpose(apart, { perm: [2, 0, 4, 1, 3] }), 2);
    const turned = reshape(g, blocks, [i, o, kh, kw]);
    return blockedConv(g, dy, turned, null, { kernel_shape, dilations, pads: flippedPads(site) });
  },
};
