/** The prox of WGSEF against a bisection in float64, on groups that are dead, tiny or tied, and the reference's long trajectory. */
import { expect, test } from "vitest";
import { type Named, penaltyFunctions } from "../../test/support/penalty-functions.ts";
import { builder } from "../graph/builder.ts";
import { f32 } from "../graph/tensor.ts";
import { Random } from "../math/random.ts";
import { wgsef } from "./wgsef.ts";

/** A dense layer whose input columns are single weights: group j is weight j. */
function columns(w: readonly number[]) {
  const g = builder("columns");
  const weight = g.initializer("w", f32(w, [1, w.length]));
  g.output(g.Gemm(g.input("x", "float32", [1, w.length]), weight, null, { transB: 1 }));
  return g.build();
}
const named = (w: readonly number[]): Named => ({ w: f32(w, [1, w.length]) });

/** wgsef.md 1.3 with d = 1: η by bisection. */
function exact(t: readonly number[], k: number, lambda: number): number[] {
  const norms = t.map(Math.abs);
  if (norms.filter((x) => x > 0).length <= k) return t.map((x) => x / (1 + lambda));
  const u = (eta: number) => norms.map((b) => Math.min(1, Math.max(0, eta * b - lambda)));
  let [low, high] = [0, (1 + lambda) / Math.min(...norms.filter((x) => x > 0))];
  for (let i = 0; i < 200; i++) {
    const eta = (low + high) / 2;
    if (u(eta).reduce((a, b) => a + b, 0) < k) low = eta;
    else high = eta;
  }
  return u(high).map((share, i) => (t[i] * share) / (share + lambda));
}

const random = new Random(11, "init");
const kinds = {
  live: () => random.normal(),
  dead: () => 0,
  tiny: () => 1e-9 * random.normal(),
  tied: () => 0.5,
};

test.each([
  [10, 3, 0.5, { live: 5, dead: 5 }],
  [20, 4, 1e-4, { live: 10, dead: 10 }],
  [20, 4, 1e-3, { live: 8, dead: 6, tied: 6 }],
  [30, 6, 1e-2, { live: 10, dead: 10, tiny: 10 }],
  [500, 50, 0.1, { live: 200, dead: 300 }],
  [500, 50, 1e-4, { live: 500 }],
  [40, 20, 1e-2, { live: 15, dead: 25 }],
] as const)("%i groups, k %i, λ %d, %o", async (m, k, lambda, mix) => {
  const draw = () =>
    Object.entries(mix).flatMap(([kind, n]) => Array.from({ length: n }, kinds[kind as keyof typeof kinds]));
  const { prox } = await penaltyFunctions(wgsef({ lambda, k, groups: "inputChannel" }), columns(new Array(m).fill(1)));
  for (let trial = 0; trial < 20; trial++) {
    const t = Array.from(Float32Array.from(draw()));
    const got = [...((await prox(named(t))).w.data as Float32Array)];
    const wanted = exact(t, k, lambda);
    const moved = Math.max(...wanted.map((x, i) => Math.abs(x - t[i])));
    const worst = Math.max(...wanted.map((x, i) => Math.abs(x - got[i])));
    expect(worst / moved, `trial ${trial}`).toBeLessThan(2e-3);
    const alive = (w: readonly number[]) => w.filter((x) => x !== 0).length;
    expect(alive(got)).toBeGreaterThanOrEqual(Math.min(k, alive(t)));
  }
});

test("small steps without a loss: groups die when they die in float64, as in wgsef.md 1.5", async () => {
  const start = [1, 0.9, 0.8, 0.5, 0.3];
  const graph = columns([1, 1, 1, 1, 1]);
  const { prox } = await penaltyFunctions(wgsef({ lambda: 1e-3, k: 2, groups: "inputChannel" }), graph);
  let [w, scalar] = [named(start), start];
  const died = [0, 0, 0, 0, 0];
  const wanted = [0, 0, 0, 0, 0];
  let third = 0;
  for (let step = 1; step <= 2500; step++) {
    w = await prox(w);
    scalar = exact(scalar, 2, 1e-3);
    for (let i = 0; i < 5; i++) {
      if (!died[i] && w.w.data[i] === 0) died[i] = step;
      if (!wanted[i] && scalar[i] === 0) wanted[i] = step;
    }
    if (step === 1000) third = Number(w.w.data[2]);
  }
  expect(third).toBeCloseTo(0.084, 2);
  expect(died.slice(0, 2)).toEqual([0, 0]);
  for (const i of [2, 3, 4]) {
    expect(wanted[i]).toBeGreaterThan(0);
    expect(Math.abs(died[i] - wanted[i])).toBeLessThanOrEqual(0.02 * wanted[i]);
  }
});

test("a share of the groups is rounded up, not up by rounding: 0.28 of 50 is 14", () => {
  const floor = (keep: number, count: number) => {
    const graph = columns(new Array(count).fill(1));
    const bound = wgsef({ lambda: 1, keep, groups: "inputChannel" }).bind(graph);
    return bound.floor!(bound.sets[0]);
  };
  expect([floor(0.28, 50), floor(0.55, 100), floor(0.07, 100), floor(0.01, 5), floor(0.5, 5)]).toEqual([
    14, 55, 7, 1, 3,
  ]);
});

test("a k that no set can fall below is said", () => {
  const bound = wgsef({ lambda: 1, k: 5, groups: "inputChannel" }).bind(columns([1, 1, 1]));
  expect(bound.notes).toEqual(["w: all 3 groups may survive, so wgsef is weight decay there"]);
});

test("where more groups survive than should, it says which", () => {
  const graph = columns([1, 0, 2, 3]);
  const tensors = new Map([...graph.initializers].map(([v, t]) => [v.name, t]));
  const said = (k: number) => wgsef({ lambda: 1, k, groups: "inputChannel" }).bind(graph).shortfalls!(tensors);
  expect(said(3)).toEqual([]);
  expect(said(2)).toEqual([
    "more groups survive than should: w 3 of 4 instead of 2; a larger lambda or more epochs leave fewer",
  ]);
});
