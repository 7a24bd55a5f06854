/**
 * Reading an image off at computed positions. A position lies between 2 elements along every axis; what is read is the sum of the
 * corners around it, each times the product of its nearness along the axes. Outside, an element is 0 (zeros) or that of the border.
 */
import type { Builder } from "../../graph/builder.ts";
import { ones, reshape } from "../../graph/emit.ts";
import type { OpSite } from "../../graph/op-site.ts";
import { i64, size } from "../../graph/tensor.ts";
import type { Value } from "../../graph/types.ts";
import { spatial, grid as tuples } from "../../graph/windows.ts";
import { expand } from "../fit.ts";
import { zerosAs } from "./indexing.ts";

/** Where the grid points along one axis of x, all [N, P]. */
interface Axis {
  readonly length: number;
  /** Elements between two of the axis. */
  readonly stride: number;
  /** The element before the position. */
  readonly low: Value;
  /** How far behind it; undefined where the nearest element is all that counts. */
  readonly rest: Value | undefined;
  /** d position / d grid. */
  readonly slope: Value | number;
}

/** An element around the positions. */
interface Corner {
  /** Its place in x with the spatial axes made one [N, C, P]. */
  readonly index: Value;
  /** 1 where it is inside [N, P]. */
  readonly inside: Value;
  /** Its nearness along each axis [N, P]. */
  readonly near: readonly (Value | number)[];
}

function axisOf(g: Builder, { in: [x, grid], attrs }: OpSite<"GridSample">, at: number, flat: Value): Axis {
  const to = spatial(x);
  const n = to[at];
  // the last axis of x comes first in the grid
  const u = g.Gather(flat, g.constant(i64([to.length - 1 - at], [])), { axis: 2 });
  const factor = attrs.align_corners ? (n - 1) / 2 : n / 2;
  const free = g.Add(g.Mul(u, factor), (n - 1) / 2);
  const border = attrs.padding_mode === "border";
  const position = border ? g.Clip(free, { min: 0, max: n - 1 }) : free;
  const within = border && ones(g, g.And(g.GreaterOrEqual(free, 0), g.LessOrEqual(free, n - 1)), grid);
  const low = attrs.mode === "nearest" ? g.Round(position) : g.Floor(position);
  return {
    length: n,
    stride: size(to.slice(at + 1)),
    low,
    rest: attrs.mode === "nearest" ? undefined : g.Sub(position, low),
    slope: within ? g.Mul(within, factor) : factor,
  };
}

/** @param step for each axis, 1 = the element behind the position */
function cornerOf(g: Builder, axes: readonly Axis[], step: readonly number[], channels: number): Corner {
  let index: Value | undefined;
  let inside: Value | undefined;
  const near = axes.map(({ length, stride, low, rest }, i) => {
    const at = step[i] ? g.Add(low, 1) : low;
    const known = ones(g, g.And(g.GreaterOrEqual(at, 0), g.LessOrEqual(at, length - 1)), at);
    const place = g.Mul(g.Clip(at, { min: 0, max: length - 1 }), stride);
    index = index ? g.Add(index, place) : place;
    inside = inside ? g.Mul(inside, known) : known;
    return rest ? (step[i] ? rest : g.Sub(1, rest)) : 1;
  });
  const [n, p] = index!.shape;
  const whole = reshape(g, g.Cast(index!, { to: "int64" }), [n, 1, p]);
  return { index: expand(g, whole, [n, channels, p]), inside: inside!, near };
}

const times = (g: Builder, x: Value, factors: readonly (Value | number)[]): Value =>
  factors.reduce<Value>((p, factor) => (factor === 1 ? p : g.Mul(p, factor)), x);

/** dx and dgrid; the grid has none where the nearest element counts. */
export function gridSampleBack(g: Builder, site: OpSite<"GridSample">, dy: Value): [Value, Value | null] {
  const [x, grid] = site.in;
  const [n, c, ...to] = x.shape;
  const p = size(spatial(dy));
  const axes = to.map((_, at) => axisOf(g, site, at, reshape(g, grid, [n, p, to.length])));
  const corners = tuples(to.map(() => (site.attrs.mode === "nearest" ? 1 : 2))).map((step) =>
    cornerOf(g, axes, step, c),
  );
  const flat = reshape(g, dy, [n, c, p]);
  const perPosition = (v: Value) => reshape(g, v, [n, 1, p]);

  const dx = corners.reduce<Value>(
    (sum, { index, inside, near }) => {
      const part = g.Mul(flat, perPosition(times(g, inside, near)));
      return g.ScatterElements(sum, index, part, { axis: 2, reduction: "add" });
    },
    zerosAs(g, { dtype: x.dtype, shape: [n, c, size(to)] }),
  );
  if (site.attrs.mode === "nearest") return [reshape(g, dx, x.shape), null];

  const steps = tuples(to.map(() => 2));
  const image = reshape(g, x, [n, c, size(to)]);
  const weights = corners.map(({ index, inside }) => {
    const read = g.ReduceSum(g.Mul(flat, g.GatherElements(image, index, { axis: 2 })), { axes: [1], keepdims: 0 });
    return g.Mul(read, inside);
  });
  const slopes = axes.map(({ slope }, i) => {
    const parts = corners.map(({ near }, k) => {
      const others = times(g, weights[k], near.toSpliced(i, 1));
      return steps[k][i] ? others : g.Neg(others);
    });
    return reshape(g, g.Mul(g.Sum(parts), slope), [n, p, 1]);
  });
  return [reshape(g, dx, x.shape), reshape(g, g.Concat(slopes.reverse(), { axis: 2 }), grid.shape)];
}
