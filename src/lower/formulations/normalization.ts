/** What batch normalization computes by channels. Ratios of processor time: onnxruntime-node 1.30, AVX-512 (Sapphire Rapids). */
import { constantOf, reshape } from "../../graph/emit.ts";
import { size } from "../../graph/tensor.ts";
import { spatial } from "../../graph/windows.ts";
import type { Formulation } from "../pattern.ts";

/**
 * The dot product of every sample's channel is a convolution in as many groups, with a kernel as large as the image: nothing is written
 * in between. Against a product and its sum 0.5 at 32×32, 1.2 at 8×8, 3.5 at 4×4.
 */
export const dotByGroups: Formulation<"ChannelDot"> = {
  passes: true,
  applies: ({ inputs: [a] }) => a.shape.length > 2,
  preferred: ({ inputs: [a] }, { dotPositions }) => size(spatial(a)) >= dotPositions,
  emit(g, { inputs: [a, b] }) {
    const [n, c, ...kernel_shape] = a.shape;
    const images = reshape(g, a, [1, n * c, ...kernel_shape]);
    const kernels = reshape(g, b, [n * c, 1, ...kernel_shape]);
    const dots = g.Conv(images, kernels, null, { group: n * c, kernel_shape });
    return g.ReduceSum(reshape(g, dots, [n, c]), { axes: [0], keepdims: 0 });
  },
};

/** p·x + r in one pass, as the normalization of what has mean 0 and variance 1: 0.75 to 0.85 of the time. */
export const sumByNormalization: Formulation<"ChannelSum"> = {
  passes: true,
  preferred: () => true,
  emit(g, { inputs: [x, y, p, q, r] }) {
    const [mean, variance] = [0, 1].map((k) => constantOf(g, x.dtype, p.shape, () => k));
    const affine = g.BatchNormalization(x, p, r, mean, variance, { epsilon: 0 });
    const spread = g.Reshape(q, { shape: [1, q.shape[0], ...spatial(x).map(() => 1)] });
    return g.Add(affine, g.Mul(y, spread));
  },
};
