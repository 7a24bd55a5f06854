/**
 * Resizing one axis as a matrix: y = A·x. Source: ONNX's operator description and the reference implementation; coordinates are
 * rounded to float32 where a runtime does, so that an element falls on the same side of the middle between two others.
 */
import type { OpFullAttrs } from "../../graph/ops/index.ts";

type Resize = OpFullAttrs<"Resize">;
/** An element of x and its weight in an element of y. */
type Tap = readonly [from: number, weight: number];

const f = Math.fround;

/** Where element i of the result lies among the n elements of x. @param m elements of the result */
const coordinate: Record<
  Resize["coordinate_transformation_mode"],
  (i: number, s: number, n: number, m: number) => number
> = {
  half_pixel: (i, s) => f(f((i + 0.5) / s) - 0.5),
  asymmetric: (i, s) => f(i / s),
  align_corners: (i, _, n, m) => (m === 1 ? 0 : f((i * (n - 1)) / (m - 1))),
  pytorch_half_pixel: (i, s, _, m) => (m > 1 ? f(f((i + 0.5) / s) - 0.5) : 0),
  half_pixel_symmetric: (i, s, n, m) => f(f(f((n / 2) * f(1 - f(m / f(n * s)))) + f((i + 0.5) / s)) - 0.5),
  tf_half_pixel_for_nn: (i, s) => f((i + 0.5) / s),
};

const nearest: Record<Resize["nearest_mode"], (x: number) => number> = {
  round_prefer_floor: (x) => Math.ceil(x - 0.5),
  round_prefer_ceil: (x) => Math.floor(x + 0.5),
  floor: Math.floor,
  ceil: Math.ceil,
};

/** Keys 1981: how much the four elements around x count, of which the second is `t` before it. */
function cubic(t: number, a: number): number[] {
  const near = (d: number) => ((a + 2) * d - (a + 3)) * d * d + 1;
  const far = (d: number) => ((a * d - 5 * a) * d + 8 * a) * d - 4 * a;
  return [far(1 + t), near(t), near(1 - t), far(2 - t)];
}

/** The elements of x [n] that make element i of the result. Beyond the border its last element counts. */
function tapsAt(i: number, a: Resize, s: number, n: number, m: number): Tap[] {
  const x = coordinate[a.coordinate_transformation_mode](i, s, n, m);
  const inside = (k: number) => Math.min(Math.max(k, 0), n - 1);
  if (a.mode === "nearest") return [[inside(nearest[a.nearest_mode](x)), 1]];
  if (a.mode === "linear") {
    const at = inside(x);
    const low = Math.floor(at);
    return [
      [low, 1 - (at - low)],
      [inside(low + 1), at - low],
    ];
  }
  const low = Math.floor(x);
  const weights = cubic(x - low, a.cubic_coeff_a);
  const counts = weights.map((_, k) => !a.exclude_outside || low - 1 + k === inside(low - 1 + k));
  const total = weights.reduce((sum, w, k) => (counts[k] ? sum + w : sum), 0);
  return weights.map((w, k) => [inside(low - 1 + k), counts[k] ? (a.exclude_outside ? w / total : w) : 0]);
}

/** For each of the m elements of the result, the elements of x [n] that it is made of. */
export const resizeTaps = (a: Resize, scale: number, n: number, m: number): Tap[][] =>
  Array.from({ length: m }, (_, i) => tapsAt(i, a, scale, n, m));
