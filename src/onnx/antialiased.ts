/**
 * A Resize with antialias as what it is: along each axis, a matrix. Where an axis gets shorter, an element is made of all that its wider
 * filter reaches. Weights as ONNX Runtime computes them, which is as Pillow does (Resize.c).
 */
import { EspalierError } from "../error.ts";
import { resizedLength } from "../graph/ops/sampling.ts";
import { tensor } from "../graph/tensor.ts";
import type { Shape, Tensor } from "../graph/types.ts";
import type { Step } from "./canonical.ts";

/** How far a filter reaches at full size, and its weight at a distance. */
interface Filter {
  readonly reach: number;
  at(x: number): number;
}

const linear: Filter = { reach: 1, at: (x) => Math.max(0, 1 - Math.abs(x)) };

/** Keys 1981. */
const cubic = (a: number): Filter => ({
  reach: 2,
  at(x) {
    const d = Math.abs(x);
    if (d < 1) return ((a + 2) * d - (a + 3)) * d * d + 1;
    return d < 2 ? ((a * d - 5 * a) * d + 8 * a) * d - 4 * a : 0;
  },
});

/** Where the middle of element i of the result lies among the elements of the input, by the settings that are said so. */
const middles: Readonly<Record<string, (i: number, scale: number, n: number, m: number) => number>> = {
  half_pixel: (i, s) => (i + 0.5) / s,
  asymmetric: (i, s) => i / s + 0.5,
  align_corners: (i, _, n, m) => (m === 1 ? 0 : (i * (n - 1)) / (m - 1)) + 0.5,
  pytorch_half_pixel: (i, s, _, m) => (m > 1 ? (i + 0.5) / s : 0.5),
  half_pixel_symmetric: (i, s, n, m) => (n / 2) * (1 - m / (n * s)) + (i + 0.5) / s,
};

/** Of each element of the result [m], the weights of the input's [n]. */
function matrix(n: number, m: number, scale: number, filter: Filter, middle: string, excludes: boolean): Float32Array {
  const weights = new Float32Array(m * n);
  const wide = Math.max(1, 1 / scale);
  for (let i = 0; i < m; i++) {
    const center = middles[middle](i, scale, n, m);
    const first = Math.floor(center - filter.reach * wide + 0.5);
    const end = Math.floor(center + filter.reach * wide + 0.5);
    const all = Array.from({ length: end - first }, (_, k) => filter.at((first + k - center + 0.5) / wide));
    const inside = (k: number) => first + k >= 0 && first + k < n;
    const counted = all.map((w, k) => (excludes && !inside(k) ? 0 : w));
    const total = counted.reduce((sum, w) => sum + w, 0);
    for (const [k, w] of counted.entries()) weights[i * n + Math.min(n - 1, Math.max(0, first + k))] += w / total;
  }
  return weights;
}

/**
 * The steps of a Resize with antialias, in canonical form but for that.
 * @param fresh gives new names of values
 * @throws EspalierError for a setting that it is not said for
 */
export function antialiased(step: Step, shape: Shape, fresh: (stem: string) => string): Step[] {
  const { axes, scales, sizes, mode, coordinate_transformation_mode: middle = "half_pixel" } = step.attrs;
  const filter = mode === "cubic" ? cubic((step.attrs.cubic_coeff_a as number | undefined) ?? -0.75) : linear;
  const refuse = (got: string): never => {
    throw new EspalierError("unsupported", "antialias is not supported so", { got }, "export without antialias");
  };
  if (mode !== "linear" && mode !== "cubic") refuse(`mode ${mode ?? "nearest"}`);
  if (!Object.hasOwn(middles, middle as string)) refuse(`coordinate_transformation_mode ${middle}`);
  const on = axes as readonly number[];
  if (on.some((a) => a < shape.length - 2)) refuse(`axes [${on}] of [${shape}]`);
  let x = step.inputs[0];
  return on.flatMap((axis, i): Step[] => {
    const n = shape[axis];
    const m = sizes ? (sizes as readonly number[])[i] : resizedLength(n, (scales as readonly number[])[i]);
    const scale = sizes ? m / n : (scales as readonly number[])[i];
    const rows = matrix(n, m, scale, filter, middle as string, step.attrs.exclude_outside === 1);
    const last = axis === shape.length - 1;
    const value: Tensor = last ? transposed(rows, m, n) : tensor("float32", [m, n], rows);
    const weights = fresh(`${step.name}/weights`);
    const y = i === on.length - 1 ? step.outputs[0] : fresh(`${step.name}/resized`);
    const inputs = last ? [x, weights] : [weights, x];
    x = y;
    const name = i === on.length - 1 ? step.name : y;
    return [
      { op: "Constant", domain: "", name: weights, inputs: [], outputs: [weights], attrs: { value } },
      { op: "MatMul", domain: "", name, inputs, outputs: [y], attrs: {} },
    ];
  });
}

const transposed = (rows: Float32Array, m: number, n: number): Tensor =>
  tensor(
    "float32",
    [n, m],
    Float32Array.from(rows, (_, at) => rows[(at % m) * n + Math.floor(at / m)]),
  );
