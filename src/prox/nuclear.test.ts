import { Matrix, SingularValueDecomposition } from "ml-matrix";
import { expect, test } from "vitest";
import { descend } from "../../test/support/descend.ts";
import { builder } from "../graph/builder.ts";
import { f32, size } from "../graph/tensor.ts";
import type { Shape } from "../graph/types.ts";
import { Random } from "../math/random.ts";
import type { Optimizer } from "../optim/optimizer.ts";
import { proxSgd } from "../optim/prox-sgd.ts";
import { rda } from "../optim/rda.ts";
import { rmda } from "../optim/rmda.ts";
import { constant } from "../optim/schedule.ts";
import { nuclear } from "./nuclear.ts";

const random = new Random(11, "verify");
const normal = (n: number, scale = 1) => Float32Array.from({ length: n }, () => scale * random.normal());

/** U·max(0, Σ − t)·Vᵀ by ml-matrix's own decomposition, with its rank. */
function reference(w: ArrayLike<number>, rows: number, columns: number, t: number) {
  const a = Matrix.from1DArray(rows, columns, [...Array.from(w)]);
  const {
    leftSingularVectors: u,
    rightSingularVectors: v,
    diagonal: s,
  } = new SingularValueDecomposition(a, { autoTranspose: true });
  const low = s.map((x) => Math.max(0, x - t));
  return { data: u.mmul(Matrix.diag(low)).mmul(v.transpose()).to1DArray(), rank: low.filter((x) => x > 0).length };
}
const singularValues = (w: ArrayLike<number>, rows: number, columns: number) =>
  new SingularValueDecomposition(Matrix.from1DArray(rows, columns, [...Array.from(w)]), { autoTranspose: true })
    .diagonal;

/** conv, transposed conv, depthwise, Gemm and MatMul: weights whose outputs stand on different axes. */
function network() {
  const g = builder("net");
  const w = (name: string, shape: Shape) => g.initializer(name, f32(normal(size(shape)), shape));
  const x = g.input("x", "float32", [1, 2, 6, 6]);
  const a = g.Conv(x, w("conv", [5, 2, 3, 3]), w("bias", [5]));
  const b = g.ConvTranspose(g.Relu(a), w("up", [5, 4, 2, 2]), null);
  const c = g.Conv(b, w("depthwise", [4, 1, 2, 2]), null, { group: 4 });
  const d = g.Gemm(g.Flatten(c), w("dense", [6, 64]), null, { transB: 1 });
  g.output(g.MatMul(d, w("out", [6, 3])), "y");
  return g.build();
}

/** How many rows a weight of `network` has, and its elements in rows: of a transposed convolution, out × (in·k²) as well. */
const ROWS_OF: Readonly<Record<string, number>> = { conv: 5, up: 4, dense: 6, out: 6 };
const inRows = (name: string, w: ArrayLike<number>): number[] =>
  Array.from({ length: w.length }, (_, at) => {
    const [o, i, k] = [Math.floor(at / 20), Math.floor(at / 4) % 5, at % 4];
    return w[name === "up" ? (i * 4 + o) * 4 + k : at];
  });
const spectrum = (name: string, w: ArrayLike<number>) =>
  singularValues(inRows(name, w), ROWS_OF[name], w.length / ROWS_OF[name]);

test("the prox of every kind of weight is that of an independent decomposition; depthwise kernels and biases are left alone", () => {
  const graph = network();
  const { hostProx, sets } = nuclear({ lambda: 0.5 }).bind(graph);
  expect(sets).toEqual([]);
  const dense = new Map(
    hostProx!.params.map((p) => [p, hostProx!.apply(p, graph.initializers.get(p)!.data as Float32Array, 0)]),
  );
  expect(hostProx!.metrics(dense)).toEqual({ ranks: { conv: 5, up: 4, dense: 6, out: 3 }, lowRankLevel: 0 });
  for (const p of hostProx!.params) {
    const w = graph.initializers.get(p)!.data as Float32Array;
    const rows = ROWS_OF[p.name];
    const s = spectrum(p.name, w);
    for (const t of [s[0] * 1.01, (s[1] + s[2]) / 2, s[2] * 0.3]) {
      const { data, rank } = hostProx!.apply(p, w, t / 0.5);
      const wanted = reference(inRows(p.name, w), rows, w.length / rows, t);
      expect(rank).toBe(wanted.rank);
      inRows(p.name, data).forEach((x, i) => {
        expect(x).toBeCloseTo(wanted.data[i], 5);
      });
    }
    expect(hostProx!.value(p, w)).toBeCloseTo(0.5 * s.reduce((n, x) => n + x, 0), 6);
    expect(hostProx!.apply(p, w, s[0] * 2.02).data).toEqual(new Float32Array(w.length));
    expect(hostProx!.apply(p, w, 0).data).toEqual(w);
  }
});

test("value and prox agree: no perturbation scores better, and the rank is what was kept", () => {
  const graph = network();
  const { hostProx } = nuclear({ lambda: 0.8 }).bind(graph);
  for (const p of hostProx!.params) {
    const w = graph.initializers.get(p)!.data as Float32Array;
    const [, second, third] = spectrum(p.name, w);
    const step = (second + third) / 2 / 0.8;
    const { data, rank } = hostProx!.apply(p, w, step);
    expect(rank).toBe(2);
    const score = (u: Float32Array) =>
      u.reduce((sum, x, i) => sum + (x - w[i]) ** 2, 0) / 2 + step * hostProx!.value(p, u);
    const best = score(data);
    for (let trial = 0; trial < 30; trial++) {
      const noise = normal(w.length, 10 ** -(trial % 4));
      expect(score(data.map((x, i) => x + noise[i]))).toBeGreaterThan(best - 1e-5);
    }
    for (const t of [-0.1, -0.01, 0.01, 0.1, 1])
      expect(score(data.map((x, i) => x + t * (w[i] - x)))).toBeGreaterThan(best - 1e-5);
    const s = spectrum(p.name, data);
    expect(s.filter((x) => x > 1e-6 * s[0])).toHaveLength(rank);
  }
});

test("rows and columns of zeros stay zeros", () => {
  const g = builder("one");
  const w = normal(24).map((x, i) => (Math.floor(i / 6) === 1 || i % 6 === 4 ? 0 : x));
  const p = g.initializer("w", f32(w, [4, 6]));
  g.output(g.MatMul(g.input("x", "float32", [1, 4]), p), "y");
  const { data, rank } = nuclear({ lambda: 1 }).bind(g.build()).hostProx!.apply(p, w, 0.5);
  expect(rank).toBeGreaterThan(0);
  data.forEach((x, i) => {
    if (w[i] === 0) expect(x === 0).toBe(true);
  });
});

// f(W) = ½‖W − B‖² with B of rank 2 plus noise, from a full W⁰
const [ROWS, COLUMNS] = [4, 6];
const target = Float32Array.from({ length: ROWS * COLUMNS }, (_, i) => {
  const [r, c] = [Math.floor(i / COLUMNS), i % COLUMNS];
  return Math.sin(r + 1) * Math.cos(c) + 0.5 * Math.cos(2 * r) * Math.sin(c + 1) + 0.02 * random.normal();
});
const start = [...normal(ROWS * COLUMNS, 0.5)];
const descent = (optimizer: Optimizer, steps: number) =>
  descend({
    optimizer,
    schedule: constant({ lr: 0.3 }),
    penalty: nuclear({ lambda: 0.2 }),
    shape: [ROWS, COLUMNS],
    start,
    gradient: (g, w) => g.Sub(w, g.constant(f32(target, [ROWS, COLUMNS]))),
    steps,
  });
const near = (got: readonly number[], wanted: readonly number[]) =>
  got.forEach((x, i) => {
    expect(x).toBeCloseTo(wanted[i], 4);
  });

test("proxSgd: a float64 loop with an independent decomposition, and an exact rank", async () => {
  const trace = await descent(proxSgd({ rho: 0.4 }), 40);
  let [w, m] = [start, start.map(() => 0)];
  for (const step of trace) {
    m = m.map((x, i) => 0.6 * x + 0.4 * (w[i] - target[i]));
    const next = reference(
      w.map((x, i) => x - 0.3 * m[i]),
      ROWS,
      COLUMNS,
      0.3 * 0.2,
    );
    w = next.data;
    near(step.w, w);
    expect(step.rank).toBe(next.rank);
  }
  expect(trace[0].rank).toBe(4);
  expect(trace.at(-1)!.rank).toBe(2);
});

test("rmda: a float64 loop with an independent decomposition; the rank is that of the point inside the prox", async () => {
  const still = { ...constant({ lr: 0.3 }), milestones: [1000], gamma: 0.1 };
  const trace = await descend({
    optimizer: rmda({ c: 0.3 }),
    schedule: still,
    penalty: nuclear({ lambda: 0.2 }),
    shape: [ROWS, COLUMNS],
    start,
    gradient: (g, w) => g.Sub(w, g.constant(f32(target, [ROWS, COLUMNS]))),
    steps: 25,
  });
  let [w, v, alpha] = [start, start.map(() => 0), 0];
  for (const [i, step] of trace.entries()) {
    const beta = Math.sqrt(i + 1);
    alpha += 0.3 * beta;
    v = v.map((x, k) => x + 0.3 * beta * (w[k] - target[k]));
    const inside = reference(
      start.map((x, k) => x - v[k] / beta),
      ROWS,
      COLUMNS,
      (0.2 * alpha) / beta,
    );
    w = w.map((x, k) => 0.7 * x + 0.3 * inside.data[k]);
    near(step.candidate, inside.data);
    near(step.w, w);
    expect(step.rank).toBe(inside.rank);
  }
  expect(trace.at(-1)!.rank).toBe(2);
});

test("rda takes it too", async () => {
  const trace = await descent(rda(), 30);
  expect(trace.at(-1)!.rank).toBe(2);
});

test("layers chooses weights by name; what matches nothing is refused, and so is a model without matrices", () => {
  const graph = network();
  const names = (layers: string[]) =>
    nuclear({ lambda: 1, layers })
      .bind(graph)
      .hostProx!.params.map((p) => p.name);
  expect(names(["d*", "conv"])).toEqual(["conv", "dense"]);
  expect(() => names(["fc*"])).toThrow(/layers matches no parameter/);
  expect(() => nuclear({ lambda: -1 })).toThrow("lambda");
  const g = builder("none");
  g.output(g.Relu(g.input("x", "float32", [1, 4])), "y");
  expect(() => nuclear({ lambda: 1 }).bind(g.build())).toThrow(/low rank/);
});
