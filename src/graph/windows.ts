/** Sliding windows, as convolution and pooling need them backwards. Spatial shapes have any rank. */
import type { Builder } from "./builder.ts";
import { constantOf } from "./emit.ts";
import { size } from "./tensor.ts";
import type { DType, Shape, Value } from "./types.ts";

/** As ONNX's attributes of the same names, after completion: one entry per spatial axis, `pads` all begins, then all ends. */
export type Window = {
  readonly kernel_shape: Shape;
  readonly strides: Shape;
  readonly pads: Shape;
  readonly dilations: Shape;
};

/** x [N, C, …] → […] */
export const spatial = (x: Value): Shape => x.shape.slice(2);

/** All index tuples of a shape, in row-major order. */
export const grid = (shape: Shape): number[][] =>
  shape.reduce<number[][]>((all, d) => all.flatMap((p) => Array.from({ length: d }, (_, i) => [...p, i])), [[]]);

/** Depthwise weights [C·taps, 1, k…]: output c·taps + q reads tap q of channel c; `reverse` counts taps from the last. */
export function oneHotTaps(g: Builder, dtype: DType, channels: number, kernel: Shape, reverse = false): Value {
  const taps = size(kernel);
  return constantOf(g, dtype, [channels * taps, 1, ...kernel], (i) => {
    const [row, q] = [Math.floor(i / taps) % taps, i % taps];
    return (reverse ? taps - 1 - row : row) === q ? 1 : 0;
  });
}
