/**
 * Reading an image off at computed positions. A position lies between elements along every axis, of which 1 (nearest), 2 (linear) or 4
 * (cubic) count; what is read is the sum of the elements around it, each times the product of its nearness along the axes. Outside, an
 * element is 0 (zeros), that of the border, or the one that is found by turning back there (reflection).
 */
import type { Builder } from "../../graph/builder.ts";
import { ones, reshape } from "../../graph/emit.ts";
import type { OpSite } from "../../graph/op-site.ts";
import { i64, size } from "../../graph/tensor.ts";
import type { Value } from "../../graph/types.ts";
import { spatial, grid as tuples } from "../../graph/windows.ts";
import { expand } from "../fit.ts";
import { zerosAs } from "./indexing.ts";

/** An element of one axis that counts, for all positions [N, P]. */
interface Tap {
  /** Which element. */
  readonly at: Value;
  /** 1 where it is inside; a number where it is so everywhere. */
  readonly inside: Value | number;
  /** How much it counts, and d of that / d position; undefined where the nearest element is all that counts. */
  readonly near: Value | number;
  readonly dnear: Value | number | undefined;
}

/** Where the grid points along one axis of x. */
interface Axis {
  /** Elements between two of the axis. */
  readonly stride: number;
  readonly taps: readonly Tap[];
  /** d position / d grid. */
  readonly slope: Value | number;
}

/** An element around the positions. */
interface Corner {
  /** Its place in x with the spatial axes made one [N, C, P]. */
  readonly index: Value;
  /** 1 where it is inside [N, P]. */
  readonly inside: readonly (Value | number)[];
  /** Its nearness along each axis, and what that changes by [N, P]. */
  readonly near: readonly (Value | number)[];
  readonly dnear: readonly (Value | number)[];
}

/** Keys 1981, with the factor that PyTorch and ONNX Runtime have. */
const A = -0.75;

/** A polynomial of x, which grows or falls with the position, and its derivative by the position. */
function cubicNear(g: Builder, x: Value, [a, b, c, d]: readonly number[], sign: 1 | -1): Pick<Tap, "near" | "dnear"> {
  const near = g.Add(g.Mul(g.Add(g.Mul(g.Add(g.Mul(x, a), b), x), c), x), d);
  const slope = g.Add(g.Mul(g.Add(g.Mul(x, 3 * a), 2 * b), x), c);
  return { near, dnear: sign === 1 ? slope : g.Neg(slope) };
}
const CLOSE = [A + 2, -(A + 3), 0, 1];
const FAR = [A, -5 * A, 8 * A, -4 * A];

/** A position turned back where it leaves the image, as often as it does, and 1 or −1 for the way that it then goes. */
function reflectedAt(g: Builder, x: Value, n: number, aligned: boolean): { at: Value; sign: Value | number } {
  const [least, span] = aligned ? [0, n - 1] : [-0.5, n];
  if (span === 0) return { at: g.Mul(x, 0), sign: 0 };
  const from = g.Sub(x, least);
  const turns = g.Div(g.Abs(from), span);
  const odd = g.Sub(g.Floor(turns), g.Mul(g.Floor(g.Div(g.Floor(turns), 2)), 2));
  const rest = g.Sub(g.Abs(from), g.Mul(g.Floor(turns), span));
  const way = g.Sub(1, g.Mul(odd, 2));
  return { at: g.Add(g.Add(g.Mul(odd, span), g.Mul(way, rest)), least), sign: g.Mul(way, g.Sign(from)) };
}

function axisOf(g: Builder, { in: [x, grid], attrs }: OpSite<"GridSample">, at: number, flat: Value): Axis {
  const to = spatial(x);
  const n = to[at];
  const aligned = attrs.align_corners === 1;
  // the last axis of x comes first in the grid
  const u = g.Gather(flat, g.constant(i64([to.length - 1 - at], [])), { axis: 2 });
  const factor = aligned ? (n - 1) / 2 : n / 2;
  const free = g.Add(g.Mul(u, factor), (n - 1) / 2);
  const isCubic = attrs.mode === "cubic";
  // with cubic every element is looked for by itself
  const turned = attrs.padding_mode === "reflection" && !isCubic ? reflectedAt(g, free, n, aligned) : undefined;
  const bounded = attrs.padding_mode !== "zeros" && !isCubic;
  const before = turned?.at ?? free;
  const position = bounded ? g.Clip(before, { min: 0, max: n - 1 }) : before;
  const within = bounded && ones(g, g.And(g.GreaterOrEqual(before, 0), g.LessOrEqual(before, n - 1)), grid);
  const bends = [within, turned?.sign].filter((v) => v !== false && v !== undefined);
  const low = attrs.mode === "nearest" ? g.Round(position) : g.Floor(position);
  const found = (step: number): Pick<Tap, "at" | "inside"> => {
    const element = step === 0 ? low : g.Add(low, step);
    const back = isCubic && attrs.padding_mode === "reflection" ? reflectedAt(g, element, n, aligned).at : element;
    const outside = attrs.padding_mode === "zeros";
    const known = outside ? ones(g, g.And(g.GreaterOrEqual(element, 0), g.LessOrEqual(element, n - 1)), element) : 1;
    return { at: g.Clip(back, { min: 0, max: n - 1 }), inside: known };
  };
  return {
    stride: size(to.slice(at + 1)),
    taps: tapsOf(g, attrs.mode, () => g.Sub(position, low)).map(({ step, ...near }) => ({ ...found(step), ...near })),
    slope: bends.reduce<Value | number>(
      (s, v) => (typeof v === "number" ? (typeof s === "number" ? s * v : g.Mul(s, v)) : g.Mul(v, s)),
      factor,
    ),
  };
}

type Steps = Pick<Tap, "near" | "dnear"> & { readonly step: number };

/** Which elements count, from the one before the position. @param rest how far the position is behind that */
function tapsOf(g: Builder, mode: string, rest: () => Value): readonly Steps[] {
  if (mode === "nearest") return [{ step: 0, near: 1, dnear: undefined }];
  const t = rest();
  if (mode === "linear")
    return [
      { step: 0, near: g.Sub(1, t), dnear: -1 },
      { step: 1, near: t, dnear: 1 },
    ];
  return [
    { step: -1, ...cubicNear(g, g.Add(t, 1), FAR, 1) },
    { step: 0, ...cubicNear(g, t, CLOSE, 1) },
    { step: 1, ...cubicNear(g, g.Sub(1, t), CLOSE, -1) },
    { step: 2, ...cubicNear(g, g.Sub(2, t), FAR, -1) },
  ];
}

/** @param taps which of the elements of each axis */
function cornerOf(g: Builder, axes: readonly Axis[], taps: readonly number[], channels: number): Corner {
  const chosen = axes.map((axis, i) => axis.taps[taps[i]]);
  const places = chosen.map(({ at }, i) => g.Mul(at, axes[i].stride));
  const index = places.reduce((sum, p) => g.Add(sum, p));
  const [n, p] = index.shape;
  const whole = reshape(g, g.Cast(index, { to: "int64" }), [n, 1, p]);
  return {
    index: expand(g, whole, [n, channels, p]),
    inside: chosen.map((t) => t.inside),
    near: chosen.map((t) => t.near),
    dnear: chosen.map((t) => t.dnear ?? 0),
  };
}

const times = (g: Builder, x: Value, factors: readonly (Value | number)[]): Value =>
  factors.reduce<Value>((p, factor) => (factor === 1 ? p : g.Mul(p, factor)), x);

/** dx and dgrid; the grid has none where the nearest element counts. */
export function gridSampleBack(g: Builder, site: OpSite<"GridSample">, dy: Value): [Value, Value | null] {
  const [x, grid] = site.in;
  const [n, c, ...to] = x.shape;
  const p = size(spatial(dy));
  const axes = to.map((_, at) => axisOf(g, site, at, reshape(g, grid, [n, p, to.length])));
  const corners = tuples(axes.map(({ taps }) => taps.length)).map((taps) => cornerOf(g, axes, taps, c));
  const flat = reshape(g, dy, [n, c, p]);
  const perPosition = (v: Value) => reshape(g, v, [n, 1, p]);
  const counts = (factors: readonly (Value | number)[]) => {
    const known = factors.filter((v) => v !== 1);
    return known.length === 0
      ? flat
      : g.Mul(flat, perPosition(times(g, toValue(g, known[0], grid, [n, p]), known.slice(1))));
  };

  const dx = corners.reduce<Value>(
    (sum, { index, inside, near }) =>
      g.ScatterElements(sum, index, counts([...inside, ...near]), { axis: 2, reduction: "add" }),
    zerosAs(g, { dtype: x.dtype, shape: [n, c, size(to)] }),
  );
  if (site.attrs.mode === "nearest") return [reshape(g, dx, x.shape), null];

  const image = reshape(g, x, [n, c, size(to)]);
  const weights = corners.map(({ index, inside }) => {
    const read = g.ReduceSum(g.Mul(flat, g.GatherElements(image, index, { axis: 2 })), { axes: [1], keepdims: 0 });
    return times(g, read, inside);
  });
  const slopes = axes.map(({ slope }, i) => {
    const parts = corners.map(({ near, dnear }, k) => times(g, weights[k], near.with(i, dnear[i])));
    return reshape(g, g.Mul(g.Sum(parts), slope), [n, p, 1]);
  });
  return [reshape(g, dx, x.shape), reshape(g, g.Concat(slopes.reverse(), { axis: 2 }), grid.shape)];
}

const toValue = (g: Builder, v: Value | number, like: Value, shape: readonly number[]): Value =>
  typeof v === "number" ? g.Add(zerosAs(g, { dtype: like.dtype, shape }), v) : v;
