/** Windows over images. */
import type { Builder } from "../../../src/graph/builder.ts";
import { constantOf, reshape } from "../../../src/graph/emit.ts";
import { size } from "../../../src/graph/tensor.ts";
import type { Shape, Value } from "../../../src/graph/types.ts";
import { grid, spatial } from "../../../src/graph/windows.ts";
import type { Doubles } from "./double.ts";

interface Window {
  readonly kernel_shape: Shape;
  readonly strides: Shape;
  readonly pads: Shape;
  readonly dilations: Shape;
}

/** What each tap of the window meets: [N, C, taps, windows]. Beyond the image zeros stand. */
function taps(g: Builder, x: Value, to: Shape, { kernel_shape, strides, pads, dilations }: Window): Value {
  const [n, c, ...dims] = x.shape;
  const axes = dims.map((_, i) => i + 2);
  const reach = to.map((d, i) => (d - 1) * strides[i] + dilations[i] * (kernel_shape[i] - 1) + 1);
  const begins = dims.map((_, i) => pads[i]);
  const ends = dims.map((d, i) => Math.max(0, reach[i] - d - begins[i]));
  const padded = g.Pad(x, { pads: [0, 0, ...begins, 0, 0, ...ends] });
  const all = grid(kernel_shape).map((k) => {
    const starts = k.map((at, i) => at * dilations[i]);
    const stops = starts.map((s, i) => s + (to[i] - 1) * strides[i] + 1);
    return reshape(g, g.Slice(padded, { starts, ends: stops, axes, steps: strides }), [n, c, 1, size(to)]);
  });
  return g.Concat(all, { axis: 2 });
}

/** Adds up [N, C·taps, windows] where windows over an image overlap: the transpose of `taps`. */
function overlapped(g: Builder, columns: Value, channels: number, image: Shape, from: Shape, w: Window): Value {
  const n = columns.shape[0];
  const all = grid(w.kernel_shape);
  const parts = g.Split(reshape(g, columns, [n, channels, all.length, size(from)]), {
    axis: 2,
    split: all.map(() => 1),
  });
  const placed = all.map((k, t) => {
    const spread = [n, channels, ...from.flatMap((d) => [d, 1])];
    const gaps = [0, 0, ...from.flatMap((_, i) => [0, w.strides[i] - 1])];
    const apart = g.Pad(reshape(g, parts[t], spread), { pads: [...gaps.map(() => 0), ...gaps] });
    const wide = from.map((d, i) => d * w.strides[i]);
    const begins = k.map((at, i) => at * w.dilations[i] - w.pads[i]);
    const ends = image.map((d, i) => d - begins[i] - wide[i]);
    return g.Pad(reshape(g, apart, [n, channels, ...wide]), { pads: [0, 0, ...begins, 0, 0, ...ends] });
  });
  return g.Sum(placed);
}

const withBias = (g: Builder, y: Value, bias: Value | null | undefined): Value =>
  bias ? g.Add(y, reshape(g, bias, [bias.shape[0], ...spatial(y).map(() => 1)])) : y;

/** How many taps of each window count. */
function counts(to: Shape, dims: Shape, w: Window, padding: boolean): number[] {
  return grid(to).map(
    (at) =>
      grid(w.kernel_shape).filter((k) =>
        k.every((tap, i) => {
          const place = at[i] * w.strides[i] + tap * w.dilations[i] - w.pads[i];
          const [before, behind] = padding ? [w.pads[i], w.pads[i + dims.length]] : [0, 0];
          return place >= -before && place < dims[i] + behind;
        }),
      ).length,
  );
}

export const windowDoubles: Doubles<
  | "AveragePool"
  | "Col2Im"
  | "Conv"
  | "ConvTranspose"
  | "GlobalAveragePool"
  | "GlobalLpPool"
  | "GlobalMaxPool"
  | "LpPool"
> = {
  AveragePool: (g, { in: [x], out, attrs }) => {
    const of = counts(spatial(out), spatial(x), attrs, attrs.count_include_pad === 1);
    const sums = g.ReduceSum(taps(g, x, spatial(out), attrs), { axes: [2], keepdims: 0 });
    const means = g.Div(
      sums,
      constantOf(g, x.dtype, [of.length], (i) => of[i]),
    );
    return reshape(g, means, out.shape);
  },
  Col2Im: (g, { in: [x], out, attrs }) => {
    const { block_shape: kernel_shape, strides, pads, dilations } = attrs;
    const rank = kernel_shape.length;
    const from = spatial(out).map((d, i) => {
      const span = dilations[i] * (kernel_shape[i] - 1) + 1;
      return Math.floor((d + pads[i] + pads[i + rank] - span) / strides[i]) + 1;
    });
    return overlapped(g, x, out.shape[1], spatial(out), from, { kernel_shape, strides, pads, dilations });
  },
  Conv: (g, { in: [x, w, bias], out, attrs }) => {
    const [n, c] = x.shape;
    const { group } = attrs;
    const [k, p] = [size(attrs.kernel_shape), size(spatial(out))];
    const columns = reshape(g, taps(g, x, spatial(out), attrs), [n, group, (c / group) * k, p]);
    const y = g.MatMul(reshape(g, w, [group, w.shape[0] / group, (c / group) * k]), columns);
    return withBias(g, reshape(g, y, out.shape), bias);
  },
  ConvTranspose: (g, { in: [x, w, bias], out, attrs }) => {
    const [n, c] = x.shape;
    const { group } = attrs;
    const columns = w.shape[1] * size(attrs.kernel_shape);
    const turned = g.Transpose(reshape(g, w, [group, c / group, columns]), { perm: [0, 2, 1] });
    const made = g.MatMul(turned, reshape(g, x, [n, group, c / group, size(spatial(x))]));
    return withBias(g, overlapped(g, made, out.shape[1], spatial(out), spatial(x), attrs), bias);
  },
  GlobalAveragePool: (g, { in: [x] }) => g.ReduceMean(x, { axes: spatial(x).map((_, i) => i + 2), keepdims: 1 }),
  GlobalMaxPool: (g, { in: [x] }) => g.ReduceMax(x, { axes: spatial(x).map((_, i) => i + 2), keepdims: 1 }),
  GlobalLpPool: (g, { in: [x], attrs: { p } }) => {
    const axes = spatial(x).map((_, i) => i + 2);
    return g.emit(p === 1 ? "ReduceL1" : "ReduceL2", [x], { axes, keepdims: 1 })[0];
  },
  LpPool: (g, { in: [x], out, attrs }) => {
    const power = (v: Value, e: number) => g.Pow(v, g.scalar(e, x.dtype));
    const sums = g.ReduceSum(power(g.Abs(taps(g, x, spatial(out), attrs)), attrs.p), { axes: [2], keepdims: 0 });
    return reshape(g, power(sums, 1 / attrs.p), out.shape);
  },
};
