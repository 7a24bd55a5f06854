/** Sliding windows, as convolution and pooling need them backwards. Spatial shapes have any rank. */
import type { Builder } from "../../graph/builder.ts";
import { arrayOf, i64, size, tensor } from "../../graph/tensor.ts";
import type { DType, Shape, Value } from "../../graph/types.ts";
import { reshape } from "../fit.ts";

export interface Window {
  readonly kernel_shape: Shape;
  readonly strides: Shape;
  readonly pads: Shape;
  readonly dilations: Shape;
}

/** x [N, C, …] → […] */
export const spatial = (x: Value): Shape => x.shape.slice(2);

/** All index tuples of a shape, in row-major order. */
export const grid = (shape: Shape): number[][] =>
  shape.reduce<number[][]>((all, d) => all.flatMap((p) => Array.from({ length: d }, (_, i) => [...p, i])), [[]]);

/** A constant filled by a function of the flat index. */
export function constantOf(g: Builder, dtype: DType, shape: Shape, at: (i: number) => number): Value {
  const data = new (arrayOf(dtype) as Float32ArrayConstructor)(size(shape));
  for (let i = 0; i < data.length; i++) data[i] = at(i);
  return g.constant(tensor(dtype, shape, data));
}

/** Depthwise weights [C·taps, 1, k…]: output c·taps + q reads tap q of channel c; `reverse` counts taps from the last. */
export function oneHot(g: Builder, dtype: DType, channels: number, kernel: Shape, reverse = false): Value {
  const taps = size(kernel);
  return constantOf(g, dtype, [channels * taps, 1, ...kernel], (i) => {
    const [row, q] = [Math.floor(i / taps) % taps, i % taps];
    return (reverse ? taps - 1 - row : row) === q ? 1 : 0;
  });
}

/** Adds windows up where they came from: a ConvTranspose of dy [N, M, o…] whose result has the given spatial shape. */
export function overlapAdd(g: Builder, dy: Value, w: Value, to: Shape, a: Window, group = 1): Value {
  const begins = a.pads.slice(0, to.length);
  // what lies between the last window's end and the end of x: beyond it (padding) or before it (stride remainder)
  const rest = to.map(
    (d, i) => d + begins[i] - (spatial(dy)[i] - 1) * a.strides[i] - a.dilations[i] * (a.kernel_shape[i] - 1) - 1,
  );
  return g.ConvTranspose(dy, w, null, {
    kernel_shape: a.kernel_shape,
    strides: a.strides,
    dilations: a.dilations,
    pads: [...begins, ...rest.map((r) => Math.max(0, -r))],
    output_padding: rest.map((r) => Math.max(0, r)),
    group,
  });
}

/**
 * Gathers x [N, C, s…] into the matrix [N·targets, taps·C] whose row holds, tap by tap, all channels of a position.
 * @param from spatial position of a target and a tap; undefined, or outside of x: zero
 */
export function rowsOf(
  g: Builder,
  x: Value,
  targets: Shape,
  kernel: Shape,
  from: (target: readonly number[], tap: readonly number[]) => readonly number[],
): Value {
  const [n, c] = x.shape;
  const source = spatial(x);
  const hole = size(source);
  const taps = grid(kernel);
  const index = grid(targets).flatMap((t) =>
    taps.map((q) => {
      const at = from(t, q);
      const inside = at.every((p, i) => Number.isInteger(p) && p >= 0 && p < source[i]);
      return inside ? at.reduce((flat, p, i) => flat * source[i] + p, 0) : hole;
    }),
  );
  const rows = g.Transpose(reshape(g, x, [n, c, hole]), { perm: [0, 2, 1] });
  const padded = index.includes(hole) ? g.Pad(rows, { pads: [0, 0, 0, 0, 1, 0] }) : rows;
  const gathered = g.Gather(padded, g.constant(i64(index)), { axis: 1 });
  return reshape(g, gathered, [n * size(targets), taps.length * c]);
}
