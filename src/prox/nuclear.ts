/**
 * The nuclear norm λ Σ_ℓ ‖W_ℓ‖_*, the sum of the singular values of every dense and convolutional weight as a matrix out × (in·k²)
 * (Fazel, Hindi & Boyd 2001; the RAMDA paper, Huang & Lee 2024, appendix, for dense layers). Its proximal map lowers the singular
 * values of W = UΣVᵀ and drops those that reach zero (Cai, Candès & Shen 2010, theorem 2.1):
 *   argmin_X ½‖X − W‖² + t‖X‖_* = U·max(0, Σ − t)·Vᵀ = Σ_{σ>t} (1 − t/σ)·u·(uᵀW)
 * so that only the eigenvectors u of the smaller Gram matrix with σ > t are needed. No ONNX operator gives them: it runs between the
 * step's two graphs, on the host in float64; for large weights on the engine, where they are followed from step to step by products of
 * matrices (nuclear-tracking.ts), and on the host once an epoch and when they were lost. W is of low rank up to the rounding of float32;
 * the rank is what was kept here.
 */
import { z } from "zod";
import { UsageError } from "../error.ts";
import { matchingNames } from "../graph/name-patterns.ts";
import { size } from "../graph/tensor.ts";
import type { Graph, Value } from "../graph/types.ts";
import { eachRun } from "../groups/runs.ts";
import { rootView, weightUses } from "../groups/weights.ts";
import { leadingEigenvectors } from "../math/eigen.ts";
import { transpose } from "../math/matrix.ts";
import { gram, svd } from "../math/svd.ts";
import { definePenalty } from "./define.ts";
import { lambdaOf } from "./lambda.ts";
import { followed } from "./nuclear-tracking.ts";
import type { HostProx, Tracked } from "./penalty.ts";

const options = z.strictObject({
  lambda: lambdaOf("5e-3"),
  layers: z
    .array(z.string().min(1))
    .min(1)
    .readonly()
    .optional()
    .describe("weights that it acts on, by name (default: all); * stands for a part of a name, ** for any characters"),
});
/** Options of `nuclear`. */
export type NuclearOptions = z.input<typeof options>;

/** A weight as a matrix. */
interface Matrix {
  readonly rows: number;
  readonly columns: number;
  /** Where its elements stand in the tensor, row by row. */
  readonly places: Int32Array;
}

function onHost(matrices: ReadonlyMap<Value, Matrix>, lambda: number): HostProx {
  const elements = (param: Value, w: Float32Array) => Float64Array.from(matrices.get(param)!.places, (at) => w[at]);
  return {
    params: [...matrices.keys()],
    tracked: [...matrices]
      .filter(([, { rows, columns }]) => Math.min(rows, columns) >= LEAST_TRACKED)
      .map(([param, m]) => track(param, m, lambda)),
    apply(param, w, step) {
      const { rows, columns, places } = matrices.get(param)!;
      const { a, rank } = softThreshold(elements(param, w), rows, columns, step * lambda);
      const data = new Float32Array(w.length);
      for (let i = 0; i < places.length; i++) data[places[i]] = a[i];
      return { data, rank };
    },
    value(param, w) {
      const { rows, columns } = matrices.get(param)!;
      return lambda * svd(elements(param, w), rows, columns).s.reduce((sum, x) => sum + x, 0);
    },
    metrics(moves) {
      const all = [...matrices.values()].reduce((n, { rows, columns }) => n + Math.min(rows, columns), 0);
      const ranks = Object.fromEntries([...moves].map(([p, { rank }]) => [p.name, rank]));
      return { ranks, lowRankLevel: 1 - Object.values(ranks).reduce((n, r) => n + r, 0) / all };
    },
  };
}

/** Smaller weights are decomposed on the host at every step: that takes a fraction of a millisecond. */
const LEAST_TRACKED = 16;

/** How an engine follows a weight, as a matrix whose rows are no longer than its columns. */
function track(param: Value, { rows, columns, places }: Matrix, lambda: number): Tracked {
  const wide = rows <= columns;
  const [n, m] = wide ? [rows, columns] : [columns, rows];
  const order = wide ? places : places.map((_, i) => places[(i % m) * n + Math.floor(i / m)]);
  const straight = order.every((at, i) => at === i);
  return {
    param,
    shape: [n, m],
    basis: [n, n],
    matrixOf: (w) => (straight ? w : Float32Array.from(order, (at) => w[at])),
    tensorOf(matrix) {
      if (straight) return matrix;
      const w = new Float32Array(matrix.length);
      for (let i = 0; i < order.length; i++) w[order[i]] = matrix[i];
      return w;
    },
    emit: (g, matrix, basis, step) => followed(g, matrix, basis, g.Mul(step, lambda)),
    basisOf(matrix) {
      const a = gram(Float64Array.from(matrix), n, m);
      const below = -1 - a.reduce((sum, x, i) => (i % (n + 1) === 0 ? sum + x : sum), 0);
      return Float32Array.from(leadingEigenvectors(a, n, below).flatMap((row) => [...row]));
    },
  };
}

/** The trainable weights that are not depthwise kernels; rows are the channels that they make. */
function matricesOf(graph: Graph, layers: readonly string[] | undefined): Map<Value, Matrix> {
  const found = new Map<Value, Matrix>();
  for (const { stored, view, makes, carried } of weightUses(graph)) {
    const { root } = stored;
    const rows = rootView(stored, view, makes);
    if (!rows || carried || found.has(root) || !graph.initializers.has(root) || root.dtype !== "float32") continue;
    found.set(root, matrix(rows.view, rows.axes));
  }
  if (found.size === 0)
    throw new UsageError(
      "nothing-to-do",
      "the model has no weight that can be of low rank",
      { wanted: "a trainable weight of a dense or convolutional layer" },
      "freeze less, or choose another penalty",
    );
  const names = [...found.keys()].map((v) => v.name);
  const chosen = layers && matchingNames(names, layers, "layers");
  return chosen ? new Map([...found].filter(([v]) => chosen.has(v.name))) : found;
}

function matrix(view: readonly number[], axes: readonly number[]): Matrix {
  const rows = axes.reduce((n, a) => n * view[a], 1);
  const columns = size(view) / rows;
  const places = new Int32Array(rows * columns);
  const filled = new Int32Array(rows);
  eachRun(view, axes, [], (row, _, start, end) => {
    for (let at = start; at < end; at++) places[row * columns + filled[row]++] = at;
  });
  return { rows, columns, places };
}

/** argmin_X ½‖X − A‖² + t‖X‖_* of a row-major matrix, and its rank. Rows and columns of zeros stay zeros. */
function softThreshold(a: Float64Array, rows: number, columns: number, t: number): { a: Float64Array; rank: number } {
  if (t === 0) return { a, rank: Math.min(rows, columns) };
  if (a.reduce((sum, x) => sum + x * x, 0) <= t * t) return { a: new Float64Array(a.length), rank: 0 };
  if (rows > columns) {
    const found = softThreshold(transpose(a, rows, columns), columns, rows, t);
    return { a: transpose(found.a, columns, rows), rank: found.rank };
  }
  // a little below t², so that none is lost to rounding: the images' norms decide
  const found = leadingEigenvectors(gram(a, rows, columns), rows, t * t * (1 - 1e-9));
  const images = found.map(() => new Float64Array(columns));
  for (let r = 0; r < rows; r++)
    for (const [k, u] of found.entries()) addTo(images[k], u[r], a.subarray(r * columns, (r + 1) * columns));
  const factors = images.map((b) => Math.max(0, 1 - t / Math.sqrt(b.reduce((sum, x) => sum + x * x, 0))));
  const out = new Float64Array(a.length);
  for (let r = 0; r < rows; r++) {
    const row = out.subarray(r * columns, (r + 1) * columns);
    if (a.subarray(r * columns, (r + 1) * columns).every((x) => x === 0)) continue;
    for (const [k, u] of found.entries()) if (factors[k] > 0) addTo(row, factors[k] * u[r], images[k]);
  }
  return { a: out, rank: factors.filter((f) => f > 0).length };
}

/** y ← y + f·x */
function addTo(y: Float64Array, f: number, x: Float64Array): void {
  for (let i = 0; i < y.length; i++) y[i] += f * x[i];
}

/**
 * The nuclear norm. Goes with optimizers that step in the plain metric: rmda, rda, proxSgd.
 * It decomposes every weight at every step: those of fewer than 16 rows or columns on the host, others by following their singular
 * vectors on the engine. The first step of a run, and the last of every epoch, whose ranks are told, decompose all of them on the host:
 * 512 × 784 takes it 1.2 s while all singular values are left and 0.3 s with 38. `layers` leaves large weights out.
 * @throws UsageError for a lambda out of range; when bound, for a model without such weights or a pattern that matches none
 */
export const nuclear = definePenalty({
  name: "nuclear",
  source: "Huang & Lee 2024, appendix; Cai, Candès & Shen 2010",
  minimizes:
    "λ Σ‖W‖_* over layers as matrices out × in·k². Prox: singular values shrink by step·λ, between two graphs of a step.",
  when: "Low rank instead of fewer channels, with a rank that training finds. It costs a decomposition per step.",
  paper: "RAMDA's appendix: RMDA lr 0.1, c 0.1, λ 5e-3; ProxSGD lr 0.1, λ 5e-3.",
  demo: { optimizer: "rmda", lr: 0.1, lambda: 3e-2, milestones: [6, 9] },
  options,
  ways: ["host"],
  lambdaDecides: false,
  make: ({ lambda, layers }) => ({
    bind: (graph) => ({ sets: [], prox: () => new Map(), hostProx: onHost(matricesOf(graph, layers), lambda) }),
  }),
});
