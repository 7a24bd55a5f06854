/**
 * Pooling. The gradient of a maximum goes to the first of the largest elements in row-major order, as torch's: on MNIST
 * 42 % of LeNet's windows have ties. MaxPool's Indices output would say which one, but fails on WebGPU at run time.
 */
import type { Builder } from "../../graph/builder.ts";
import { i32Range, size } from "../../graph/tensor.ts";
import type { Shape, Value } from "../../graph/types.ts";
import { reshape } from "../fit.ts";
import { ones } from "./masks.ts";
import type { Rules } from "./rule.ts";
import { constantOf, grid, oneHot, overlapAdd, spatial, type Window } from "./windows.ts";

export const pooling: Rules<"AveragePool" | "GlobalAveragePool" | "GlobalMaxPool" | "MaxPool"> = {
  MaxPool: (g, { in: [x], out: [y], attrs }, [dy]) => {
    if (!dy) return [null];
    const tiles = tiling(x, dy, attrs);
    return [tiles ? maxOfTiles(g, x, y!, dy, tiles) : maxOfWindows(g, x, y!, dy, attrs)];
  },
  // dy/count to every element of the window
  AveragePool: (g, { in: [x], attrs }, dy) => {
    const part = g.Div(dy, counts(g, x, dy, attrs));
    const tiles = tiling(x, dy, attrs);
    if (tiles) return [reshape(g, spreadTiles(g, part, tiles), x.shape)];
    const kernel = constantOf(g, x.dtype, [1, 1, ...attrs.kernel_shape], () => 1);
    const maps = reshape(g, part, [x.shape[0] * x.shape[1], 1, ...spatial(dy)]);
    return [reshape(g, overlapAdd(g, maps, kernel, spatial(x), attrs), x.shape)];
  },
  GlobalAveragePool: (g, { in: [x] }, dy) => [g.Div(dy, size(spatial(x)))],
  // int32, because comparisons of int64 have no WebGPU kernel
  GlobalMaxPool: (g, { in: [x] }, dy) => {
    const flat = [x.shape[0], x.shape[1], size(spatial(x))];
    const first = g.Cast(g.ArgMax(reshape(g, x, flat), { axis: 2, keepdims: 1 }), { to: "int32" });
    const chosen = ones(g, g.Equal(g.constant(i32Range(flat[2])), first), x);
    return [reshape(g, g.Mul(chosen, reshape(g, dy, [...flat.slice(0, 2), 1])), x.shape)];
  },
};

/** Windows that tile the plane: one row of windows is `height` full rows of x, side by side `width · across` long. */
interface Tiles {
  readonly height: number;
  readonly width: number;
  /** Windows beside each other. */
  readonly across: number;
}

/** Of the 0/1 matrices, whose side is the number of elements of a row of windows. */
const SIDE_LIMIT = 512;

function tiling(x: Value, dy: Value, a: Window): Tiles | undefined {
  const exact = spatial(x).every(
    (d, i) => a.strides[i] === a.kernel_shape[i] && a.dilations[i] === 1 && d === spatial(dy)[i] * a.kernel_shape[i],
  );
  const rank = a.kernel_shape.length;
  const [height, width] = rank === 1 ? [1, ...a.kernel_shape] : a.kernel_shape;
  const across = dy.shape.at(-1)!;
  const fits = exact && rank <= 2 && a.pads.every((p) => p === 0) && height * width * across <= SIDE_LIMIT;
  return fits ? { height, width, across } : undefined;
}

/** Which window of its row the element at position i of a row of windows [height, across·width] belongs to, and its rank there. */
function tileOf({ width, across }: Tiles, i: number): { window: number; rank: number } {
  const [row, column] = [Math.floor(i / (across * width)), i % (across * width)];
  return { window: Math.floor(column / width), rank: row * width + (column % width) };
}

/** y [N, C, …] → a row of windows per row: [rows, height·across·width], every window filled with its number. */
function spreadTiles(g: Builder, y: Value, t: Tiles): Value {
  const side = t.height * t.width * t.across;
  const pick = constantOf(g, y.dtype, [t.across, side], (k) =>
    tileOf(t, k % side).window === Math.floor(k / side) ? 1 : 0,
  );
  return g.MatMul(reshape(g, y, [size(y.shape) / t.across, t.across]), pick);
}

/**
 * Two products with 0/1 matrices repeat y and dy; a third counts, for each largest element, those before it in its
 * window: first = max(0, e − Σ_before e). Against MaxPool's Indices and ScatterElements: 0.5 of the time at
 * 20 channels, 24×24 and 50, 8×8; 0.75 at 64, 32×32. An infinite y or dy makes its whole row NaN.
 */
function maxOfTiles(g: Builder, x: Value, y: Value, dy: Value, t: Tiles): Value {
  const side = t.height * t.width * t.across;
  const rows = reshape(g, x, [size(x.shape) / side, side]);
  const largest = ones(g, g.GreaterOrEqual(rows, spreadTiles(g, y, t)), x);
  const minusBefore = constantOf(g, x.dtype, [side, side], (k) => {
    const [other, self] = [tileOf(t, Math.floor(k / side)), tileOf(t, k % side)];
    if (other.window !== self.window || other.rank > self.rank) return 0;
    return other.rank === self.rank ? 1 : -1;
  });
  const first = g.Relu(g.MatMul(largest, minusBefore));
  return reshape(g, g.Mul(first, spreadTiles(g, dy, t)), x.shape);
}

/** Any window: tap by tap, a largest element takes dy if none before it did; then the taps go back to their places. */
function maxOfWindows(g: Builder, x: Value, y: Value, dy: Value, a: Window): Value {
  const [n, c] = x.shape;
  let free: Value | undefined;
  const parts = tapsOf(g, x, spatial(dy), a).map((tap) => {
    const largest = ones(g, g.GreaterOrEqual(tap, y), x);
    const taken = free ? g.Mul(largest, free) : largest;
    free = g.Sub(free ?? 1, taken);
    return reshape(g, g.Mul(taken, dy), [n * c, 1, ...spatial(dy)]);
  });
  const stacked = g.Concat(parts, { axis: 1 });
  const back = overlapAdd(g, stacked, oneHot(g, x.dtype, 1, a.kernel_shape), spatial(x), a);
  return reshape(g, back, [...x.shape]);
}

/** For each tap of the window, the element of x that it meets at every output position; −∞ outside of x. */
function tapsOf(g: Builder, x: Value, to: Shape, a: Window): Value[] {
  const rank = to.length;
  const span = (i: number) => (to[i] - 1) * a.strides[i] + a.dilations[i] * (a.kernel_shape[i] - 1) + 1;
  const begins = a.pads.slice(0, rank);
  const ends = to.map((_, i) => Math.max(0, span(i) - begins[i] - x.shape[i + 2]));
  const pads = [0, 0, ...begins, 0, 0, ...ends];
  const padded = pads.some((p) => p > 0) ? g.Pad(x, { pads, value: Number.NEGATIVE_INFINITY }) : x;
  return grid(a.kernel_shape).map((q) => {
    const starts = q.map((p, i) => p * a.dilations[i]);
    const stops = starts.map((s, i) => s + (to[i] - 1) * a.strides[i] + 1);
    return g.Slice(padded, { starts, ends: stops, axes: to.map((_, i) => i + 2), steps: a.strides });
  });
}

/** How many elements each window averages over; padding counts where count_include_pad says so. */
function counts(g: Builder, x: Value, dy: Value, a: Window & { readonly count_include_pad: number }): Value | number {
  const rank = a.kernel_shape.length;
  const along = (i: number, o: number) => {
    const [low, high] = a.count_include_pad ? [-a.pads[i], x.shape[i + 2] + a.pads[i + rank]] : [0, x.shape[i + 2]];
    const taps = Array.from({ length: a.kernel_shape[i] }, (_, q) => o * a.strides[i] - a.pads[i] + q * a.dilations[i]);
    return taps.filter((p) => p >= low && p < high).length;
  };
  const all = grid(spatial(dy)).map((o) => o.reduce((p, at, i) => p * along(i, at), 1));
  return all.every((n) => n === all[0]) ? all[0] : constantOf(g, x.dtype, spatial(dy), (k) => all[k]);
}
