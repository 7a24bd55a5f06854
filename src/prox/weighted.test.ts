/** The group prox in a metric against its root found by bisection in float64: weak penalties, metrics of every span. */
import { expect, test } from "vitest";
import { penaltyFunctions } from "../../test/support/penalty-functions.ts";
import { builder } from "../graph/builder.ts";
import { f32 } from "../graph/tensor.ts";
import { Random } from "../math/random.ts";
import { groupLasso } from "./group-lasso.ts";

const random = new Random(5, "init");

/** rmda.md 1.1, weighted group prox. */
function exact(p: readonly number[], d: readonly number[], kappa: number): number[] {
  if (Math.hypot(...p.map((x, i) => x * d[i])) <= kappa) return p.map(() => 0);
  const s = (theta: number) => p.reduce((sum, x, i) => sum + (x / (theta + kappa / d[i])) ** 2, 0);
  let [low, high] = [0, Math.hypot(...p)];
  for (let i = 0; i < 200; i++) {
    const middle = (low + high) / 2;
    if (s(middle) > 1) low = middle;
    else high = middle;
  }
  return p.map((x, i) => (x * low) / (low + kappa / d[i]));
}

test.each([
  ["a very weak penalty", 2304, 1e-13, 0],
  ["a weak penalty in a wide metric", 400, 1e-7, 6],
  ["a narrow metric", 50, 0.3, 1],
  ["a wide metric", 50, 1e-3, 5],
  ["a very wide metric", 50, 1e-4, 8],
])("%s", async (_, n, kappa, span) => {
  const column = () => Array.from({ length: n }, () => 0.05 * random.normal());
  for (let trial = 0; trial < 5; trial++) {
    const p = column();
    const d = p.map(() => 10 ** (-span * random.uniform()));
    const g = builder();
    const weight = g.initializer("w", f32(p, [n, 1]));
    g.output(g.Gemm(g.input("x", "float32", [1, 1]), weight, null, { transB: 1 }));
    const penalty = groupLasso({ lambda: kappa, groups: "inputChannel", weights: "uniform" });
    const { prox } = await penaltyFunctions(penalty, g.build(), { metric: { w: f32(d, [n, 1]) } });
    const got = [...((await prox({ w: f32(p, [n, 1]) })).w.data as Float32Array)];
    const wanted = exact(Array.from(Float32Array.from(p)), Array.from(Float32Array.from(d)), kappa);
    const scale = Math.max(...p.map(Math.abs));
    expect(Math.max(...got.map((x, i) => Math.abs(x - wanted[i]))) / scale).toBeLessThan(1e-5);
  }
});
