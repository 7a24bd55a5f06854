/** Gradients of depthwise convolution on blocks, where the processor's size of them is known. */
import type { Builder } from "../../graph/builder.ts";
import { constantOf, reshape } from "../../graph/emit.ts";
import type { Shape, Value } from "../../graph/types.ts";
import { spatial } from "../../graph/windows.ts";
import type { Formulation, Site } from "../pattern.ts";
import { BLOCKS, fits, inputByBlocks, isDepthwise, reorderedGradient } from "./blocks.ts";
import { canFlip } from "./convolution.ts";

/**
 * dX for a stride: dY with zeros in between, then as without a stride. For depthwise convolution alone, where it beats ConvTranspose;
 * elsewhere the zeros cost more than the blocks save.
 */
export const inputBySpreading: Formulation<"ConvInputGradient"> = {
  onBlocks: true,
  applies: (site, target) =>
    isDepthwise(site.inputs[1], site.attrs.group) &&
    site.attrs.strides.some((s) => s > 1) &&
    canFlip(spread(site)) &&
    fits(target, site.inputs[1], site.attrs.group),
  preferred: () => true,
  emit(g, site, target) {
    const [dy, w] = site.inputs;
    const one = spread(site);
    const filled = withZeros(g, dy, site.attrs.strides);
    return inputByBlocks.emit(g, { ...one, inputs: [reshape(g, filled, one.inputs[0].shape), w] }, target);
  },
};

/** Longest row that is taken apart by a product; its operations are as many for each element as the row has. */
const LONGEST_ROW = 64;

/**
 * The elements of dY with zeros behind each, and rows of zeros behind each row: each row times a matrix of zeros and ones. Pad moves
 * element by element there: 0.28 of its time for 144 channels at 16×16, 0.1 for 576 at 4×4 (16 samples, onnxruntime-node 1.30, AMD EPYC
 * with AVX-512, one thread), and it has one thread only. An infinite element makes its row NaN.
 */
function withZeros(g: Builder, dy: Value, [down, across]: Shape): Value {
  const [n, c, height, width] = dy.shape;
  if (width > LONGEST_ROW) {
    const apart = reshape(g, dy, [n, c, height, 1, width, 1]);
    return g.Pad(apart, { pads: [0, 0, 0, 0, 0, 0, 0, 0, 0, down - 1, 0, across - 1] });
  }
  const columns = width * down * across;
  const place = (i: number) => (i % columns === Math.floor(i / columns) * across ? 1 : 0);
  return g.MatMul(reshape(g, dy, [n * c * height, width]), constantOf(g, dy.dtype, [width, columns], place));
}

/** The site as it is without a stride, of a dY that has zeros behind each of its elements. */
function spread(site: Site<"ConvInputGradient">): Site<"ConvInputGradient"> {
  const { inputs, attrs } = site;
  const [dy, w] = inputs;
  const shape: Shape = [...dy.shape.slice(0, 2), ...spatial(dy).map((d, i) => d * attrs.strides[i])];
  return { ...site, inputs: [{ ...dy, shape }, w], attrs: { ...attrs, strides: attrs.strides.map(() => 1) } };
}

/**
 * dW of a depthwise convolution: every sample's channel is a channel of its own and dY its kernel, so that one depthwise convolution
 * whose kernels are as large as the image makes all of it. Columns and a product take 5 times as long (96 channels at 16×16 and 384 at
 * 8×8, Sapphire Rapids, one thread).
 */
export const weightByBlocks: Formulation<"ConvWeightGradient"> = {
  onBlocks: true,
  applies({ inputs: [x, dy], attrs: { group, kernel_shape } }, target) {
    const w: Value = { ...x, shape: [dy.shape[1], x.shape[1] / group, ...kernel_shape] };
    return isDepthwise(w, group) && fits(target, w, group);
  },
  preferred: () => true,
  emit(g, { inputs: [x, dy], attrs: { group, kernel_shape, strides, dilations, pads } }) {
    const blocks = g.in(BLOCKS);
    const channels = x.shape[0] * group;
    const images = reshape(g, blocks.ReorderInput(x), [1, channels, ...spatial(x)]);
    const kernels = reshape(g, reorderedGradient(g, dy), [channels, 1, ...spatial(dy)]);
    const window = { kernel_shape: spatial(dy), strides: dilations, dilations: strides, pads };
    const made = blocks.Conv(images, kernels, null, { group: channels, ...window });
    const plain = blocks.ReorderOutput(made, { channels });
    const taps = firstTaps(g, plain, kernel_shape);
    const apart = reshape(g, taps, [x.shape[0], group, 1, ...kernel_shape]);
    return g.ReduceSum(apart, { axes: [0], keepdims: 0 });
  },
};

/** A stride that does not divide X leaves rows of it unread: they would be further taps. */
function firstTaps(g: Builder, made: Value, kernel: Shape): Value {
  const whole = kernel.every((k, i) => made.shape[i + 2] === k);
  return whole ? made : g.Slice(made, { starts: kernel.map(() => 0), ends: kernel, axes: kernel.map((_, i) => i + 2) });
}
