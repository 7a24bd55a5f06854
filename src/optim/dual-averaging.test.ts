/** RDA and gRDA: scalar loops in float64 written from the equations, and the thresholds of the authors' runs. */
import { expect, test } from "vitest";
import { descend } from "../../test/support/descend.ts";
import type { Builder } from "../graph/builder.ts";
import type { Value } from "../graph/types.ts";
import { l1 } from "../prox/l1.ts";
import { grda } from "./grda.ts";
import { rda } from "./rda.ts";
import { constant, type Schedule } from "./schedule.ts";

const gradientOf = (x: number) => x ** 3 - 0.5;
const cube = (g: Builder, w: Value) => g.Sub(g.Mul(g.Mul(w, w), w), 0.5);
const soft = (x: number, t: number) => Math.sign(x) * Math.max(0, Math.abs(x) - t);
const start = [1.5, -0.7, 0.02];

test("RDA with ℓ1 follows Xiao's closed form", async () => {
  const [lr, lambda] = [0.3, 0.2];
  const trace = await descend({
    optimizer: rda(),
    schedule: constant({ lr }),
    penalty: l1({ lambda }),
    shape: [1, 3],
    start,
    gradient: cube,
    steps: 15,
  });
  let zeros = 0;
  start.forEach((x0, i) => {
    let [x, sum] = [x0, 0];
    trace.forEach(({ w }, k) => {
      const t = k + 1;
      sum += gradientOf(x);
      const mean = sum / t;
      // w = 0 where |ḡ| ≤ λ, else −(√t/γ)(ḡ − λ·sign ḡ)
      x = Math.abs(mean) <= lambda ? 0 : -Math.sqrt(t) * lr * (mean - lambda * Math.sign(mean));
      if (x === 0) {
        zeros++;
        expect(w[i] === 0).toBe(true);
      } else expect(w[i]).toBeCloseTo(x, 4);
    });
  });
  expect(zeros).toBeGreaterThan(0);
});

test("gRDA follows its equation, and a weight at zero can come back", async () => {
  const [c, mu, lr] = [0.5, 0.6, 0.1];
  const schedule: Schedule = { ...constant({ lr }), lr: ({ step }) => (step < 10 ? lr : lr / 10) };
  const trace = await descend({
    optimizer: grda({ c, mu }),
    schedule,
    shape: [1, 3],
    start,
    gradient: cube,
    steps: 20,
  });
  let zeros = 0;
  start.forEach((x0, i) => {
    let [x, a, threshold] = [x0, x0, 0];
    trace.forEach(({ w }, k) => {
      const n = k + 1;
      const rate = k < 10 ? lr : lr / 10;
      a -= rate * gradientOf(x);
      threshold += c * rate ** (0.5 + mu) * (n ** mu - (n - 1) ** mu);
      x = soft(a, threshold);
      if (x === 0) {
        zeros++;
        expect(w[i] === 0).toBe(true);
      } else expect(w[i]).toBeCloseTo(x, 5);
    });
  });
  expect(zeros).toBeGreaterThan(0);
});

/** The authors' schedule: 1 for half of the run, linear to 0.01 at 90 %, then 0.01. */
const authors = (lr: number): Schedule => ({
  ...constant({ lr }),
  lr({ epoch, epochs }) {
    const p = (epoch + 1) / epochs;
    return lr * (p <= 0.5 ? 1 : p <= 0.9 ? 1 - ((p - 0.5) / 0.4) * 0.99 : 0.01);
  },
});

test.each([
  [5e-4, 0.4, 600, [0.00069, 0.00671, 0.00771]],
  [5e-4, 0.6, 600, [0.00143, 0.04371, 0.05295]],
  [1e-3, 0.55, 200, [0.00238, 0.0299, 0.03572]],
])("gRDA's threshold with c %d, μ %d over %i epochs is the reference's", (c, mu, epochs, wanted) => {
  const { clock } = grda({ c, mu });
  let state = clock.start();
  const at = new Map<number, number>();
  for (let epoch = 0; epoch < epochs; epoch++) {
    for (let step = 0; step < 391; step++)
      state = clock.tick(state, { epoch, step, stepsPerEpoch: 391, epochs }, authors(0.1)).state;
    at.set(epoch + 1, state.threshold);
  }
  [1, epochs / 2, epochs].forEach((e, i) => {
    expect(Math.abs(at.get(e)! - wanted[i])).toBeLessThan(6e-6); // printed with five decimals
  });
});
