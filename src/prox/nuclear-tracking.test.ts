/** The prox by turning singular vectors along, against the full decomposition on the host. */
import { expect, test } from "vitest";
import { runOnce } from "../engine/engine.ts";
import { node } from "../engine/node.ts";
import { builder } from "../graph/builder.ts";
import { f32 } from "../graph/tensor.ts";
import { portable } from "../lower/target.ts";
import { Random } from "../math/random.ts";
import { svd } from "../math/svd.ts";
import { compile } from "../step/compile.ts";
import { nuclear } from "./nuclear.ts";
import { followed } from "./nuclear-tracking.ts";

const [N, M] = [24, 40];
const random = new Random(5, "verify");
const normal = (scale: number) => Float32Array.from({ length: N * M }, () => scale * random.normal());

/** A weight whose singular values decay, on its way by small steps. */
function path(steps: number, step: number): Float32Array[] {
  let w = normal(0.05);
  for (let r = 0; r < 6; r++) {
    const [u, v] = [normal(1), normal(1)];
    w = w.map((x, i) => x + (u[Math.floor(i / M)] * v[i % M]) / (4 * (r + 1)));
  }
  return Array.from({ length: steps }, () => {
    const noise = normal(step);
    w = w.map((x, i) => x + noise[i]);
    return w;
  });
}

async function follower(n = N, m = M) {
  const g = builder("follow");
  const [w, q, t] = [g.input("w", "float32", [n, m]), g.input("q", "float32", [n, n]), g.input("t", "float32", [])];
  const out = followed(g, w, q, t);
  for (const [name, v] of Object.entries(out)) g.output(v, name);
  const engine = node({ threads: 1 });
  const session = await engine.load(compile(g.build(), portable));
  const run = async (data: Float32Array, basis: Float32Array, lowered: number) => {
    const feeds = { w: f32(data, [n, m]), q: f32(basis, [n, n]), t: f32([lowered], []) };
    const { moved, basis: next, rank, residual } = await runOnce(session, engine, feeds);
    const [d, b] = [moved, next].map((x) => x.data as Float32Array);
    return { moved: d, basis: b, rank: Number(rank.data[0]), residual: Number(residual.data[0]) };
  };
  return { run, release: () => session.release() };
}

/** Left singular vectors as rows. */
function basisOf(w: Float32Array): Float32Array {
  const { u } = svd(w, N, M);
  return Float32Array.from({ length: N * N }, (_, i) => u[(i % N) * N + Math.floor(i / N)]);
}

/** U·max(0, Σ − t)·Vᵀ. */
function exact(w: Float32Array, t: number): { data: Float64Array; rank: number } {
  const { u, s, v } = svd(w, N, M);
  const low = s.map((x) => Math.max(0, x - t));
  const data = Float64Array.from({ length: N * M }, (_, at) =>
    low.reduce((sum, x, c) => sum + x * u[Math.floor(at / M) * N + c] * v[(at % M) * N + c], 0),
  );
  return { data, rank: low.filter((x) => x > 0).length };
}

const distance = (a: ArrayLike<number>, b: ArrayLike<number>) =>
  Math.sqrt(Array.from(a).reduce((sum, x, i) => sum + (x - b[i]) ** 2, 0));
const length = (a: ArrayLike<number>) => distance(a, new Float64Array(a.length));

test("small steps are followed: value and rank are those of the full decomposition, the residual says how near", async () => {
  const { run, release } = await follower();
  const weights = path(12, 2e-4);
  let basis = basisOf(weights[0]);
  for (const w of weights) {
    const got = await run(w, basis, 0.9);
    const wanted = exact(w, 0.9);
    expect(got.residual).toBeLessThan(1e-4);
    expect(distance(got.moved, wanted.data) / length(wanted.data)).toBeLessThan(2e-4);
    expect(got.rank).toBe(wanted.rank);
    basis = got.basis;
  }
  await release();
});

test("a leap is noticed, and further turns come nearer", async () => {
  const { run, release } = await follower();
  const [from, to] = path(2, 0.1);
  const wanted = exact(to, 0.9);
  const first = await run(to, basisOf(from), 0.9);
  expect(first.residual).toBeGreaterThan(1e-3);
  const second = await run(to, first.basis, 0.9);
  expect(second.residual).toBeLessThan(first.residual);
  const settled = await run(to, basisOf(to), 0.9);
  expect(settled.residual).toBeLessThan(1e-5);
  expect(distance(settled.moved, wanted.data) / length(wanted.data)).toBeLessThan(1e-5);
  await release();
});

test("without a basis the residual says so; rows and columns of zeros stay zeros", async () => {
  const { run, release } = await follower();
  const w = normal(1).map((x, i) => (Math.floor(i / M) === 3 || i % M === 7 ? 0 : x));
  expect((await run(w, new Float32Array(N * N), 0.5)).residual).toBeGreaterThanOrEqual(1);
  const { moved, rank } = await run(w, basisOf(w), 0.5);
  expect(rank).toBe(exact(w, 0.5).rank);
  w.forEach((x, i) => {
    if (x === 0) expect(moved[i] === 0).toBe(true);
  });
  await release();
});

test("the residual is about the error, at steps of every size", async () => {
  const { run, release } = await follower();
  for (const step of [1e-3, 3e-3, 1e-2, 3e-2]) {
    const [from, to] = path(2, step);
    for (const t of [0.05, 0.9]) {
      const { moved, residual } = await run(to, basisOf(from), t);
      const wanted = exact(to, t);
      const error = distance(moved, wanted.data) / length(wanted.data);
      expect(error).toBeLessThan(3 * residual + 1e-6);
      expect(residual).toBeLessThan(30 * error + 1e-5);
    }
  }
  await release();
});

test("where all is zero but a row, next to nothing is lowered, and the residual is a number", async () => {
  const { run, release } = await follower();
  const w = normal(1).map((x, i) => (i < M ? x : 0));
  const { moved, rank, residual } = await run(w, new Float32Array(N * N), 1e-20);
  expect(residual).toBeGreaterThanOrEqual(1);
  expect(moved.every(Number.isFinite) && Number.isFinite(rank)).toBe(true);
  const vectors = Float32Array.from({ length: N * N }, (_, i) => (i % (N + 1) === 0 ? 1 : 0));
  const settled = await run(w, vectors, 1e-20);
  expect(settled.residual).toBeLessThan(1e-5);
  expect(settled.rank).toBe(1);
  expect(distance(settled.moved, w) / length(w)).toBeLessThan(1e-6);
  await release();
});

test("a weight so large that its products are made in halves is followed too", async () => {
  const [rows, columns] = [259, 263];
  const at = (i: number) => 1 + 3 * Math.cos(i); // σ, in no order
  const noise = () => Float32Array.from({ length: rows * columns }, () => 1e-4 * random.normal());
  const straight = Float32Array.from({ length: rows * columns }, (_, i) =>
    i % columns === Math.floor(i / columns) ? at(i % columns) : 0,
  );
  const [from, to] = [noise(), noise()].map((n) => n.map((x, i) => x + straight[i]));
  const g = builder("large");
  const weight = g.initializer("w", f32(from, [rows, columns]));
  g.output(g.MatMul(g.input("x", "float32", [1, rows]), weight), "y");
  const { apply, tracked } = nuclear({ lambda: 1 }).bind(g.build()).hostProx!;
  const [one] = tracked!;
  const { run, release } = await follower(one.shape[0], one.shape[1]);
  const got = await run(one.matrixOf(to), one.basisOf(one.matrixOf(from)), 0.9);
  const wanted = apply(one.param, to, 0.9);
  expect(got.residual).toBeLessThan(1e-4);
  expect(distance(one.tensorOf(got.moved), wanted.data) / length(wanted.data)).toBeLessThan(1e-4);
  expect(got.rank).toBe(wanted.rank);
  await release();
});

test("which weights are followed: those whose decomposition costs", () => {
  const g = builder("net");
  const dense = (name: string, rows: number, columns: number) =>
    g.initializer(name, f32(new Float32Array(rows * columns), [rows, columns]));
  const x = g.Gemm(g.input("x", "float32", [1, 80]), dense("large", 16, 80), null, { transB: 1 });
  g.output(g.Gemm(x, dense("small", 10, 16), null, { transB: 1 }), "y");
  const { tracked } = nuclear({ lambda: 1 }).bind(g.build()).hostProx!;
  expect(tracked!.map(({ param, basis }) => [param.name, basis])).toEqual([["large", [16, 16]]]);
});
