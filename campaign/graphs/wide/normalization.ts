/** Normalization. */
import type { Builder } from "../../../src/graph/builder.ts";
import { reshape } from "../../../src/graph/emit.ts";
import { axisOf } from "../../../src/graph/op.ts";
import type { Value } from "../../../src/graph/types.ts";
import type { Doubles } from "./double.ts";

const mean = (g: Builder, x: Value, axes: readonly number[]): Value => g.ReduceMean(x, { axes, keepdims: 1 });
const over = (g: Builder, x: Value, axes: readonly number[], epsilon: number): Value =>
  g.Div(x, g.Sqrt(g.Add(mean(g, g.Mul(x, x), axes), epsilon)));
const even = (g: Builder, x: Value, axes: readonly number[], epsilon: number): Value =>
  over(g, g.Sub(x, mean(g, x, axes)), axes, epsilon);
const from = (first: number, { shape }: Value): number[] => [...shape.keys()].slice(first);
/** A number for each channel, beside [N, C, …]. */
const perChannel = (g: Builder, v: Value, x: Value): Value =>
  reshape(g, v, [v.shape[0], ...x.shape.slice(2).map(() => 1)]);

export const normalizationDoubles: Doubles<
  "GroupNormalization" | "InstanceNormalization" | "LRN" | "MeanVarianceNormalization" | "RMSNormalization"
> = {
  GroupNormalization: (g, { in: [x, scale, bias], attrs: { num_groups, epsilon } }) => {
    const [n, c, ...rest] = x.shape;
    const parted = reshape(g, x, [n, num_groups, c / num_groups, ...rest]);
    const y = reshape(g, even(g, parted, from(2, parted), epsilon), x.shape);
    return g.Add(g.Mul(y, perChannel(g, scale, x)), perChannel(g, bias!, x));
  },
  InstanceNormalization: (g, { in: [x, scale, bias], attrs: { epsilon } }) =>
    g.Add(g.Mul(even(g, x, from(2, x), epsilon), perChannel(g, scale, x)), perChannel(g, bias!, x)),
  LRN: (g, { in: [x], attrs: { alpha, beta, bias, size } }) => {
    const [n, c, h, w] = x.shape;
    const half = (size - 1) / 2;
    const padded = g.Pad(g.Mul(x, x), { pads: [0, half, 0, 0, 0, half, 0, 0] });
    const shifted = Array.from({ length: size }, (_, i) =>
      g.Slice(padded, { starts: [i], ends: [i + c], axes: [1], steps: [1] }),
    );
    const sum = reshape(g, g.Sum(shifted), [n, c, h, w]);
    return g.Div(x, g.Pow(g.Add(g.Mul(sum, alpha / size), bias), g.scalar(beta, x.dtype)));
  },
  MeanVarianceNormalization: (g, { in: [x], attrs: { axes } }) => even(g, x, axes, 1e-18),
  RMSNormalization: (g, { in: [x, scale], attrs: { axis, epsilon } }) =>
    g.Mul(over(g, x, from(axisOf(axis, x.shape.length), x), epsilon), scale),
};
