/** A parabola and Rosenbrock's function: optimizers reach the minimum. Schedules. */
import { expect, test } from "vitest";
import { descend } from "../../test/support/descend.ts";
import type { Builder } from "../graph/builder.ts";
import type { Value } from "../graph/types.ts";
import { adam, adamw } from "./adam.ts";
import type { Optimizer } from "./optimizer.ts";
import { proxSgd } from "./prox-sgd.ts";
import { rmda } from "./rmda.ts";
import { constant, cosine, multiStep, warmup } from "./schedule.ts";
import { sgd } from "./sgd.ts";

const parabola = (g: Builder, w: Value) => g.Sub(w, 2);
/** ∇ of (1−x)² + 10(y−x²)². */
const rosenbrock = (g: Builder, w: Value) => {
  const [x, y] = g.Split(w, { axis: 1, split: [1, 1] });
  const d = g.Sub(y, g.Mul(x, x));
  const dx = g.Sub(g.Mul(g.Sub(x, 1), 2), g.Mul(g.Mul(x, d), 40));
  return g.Concat([dx, g.Mul(d, 20)], { axis: 1 });
};

const lrs: [string, Optimizer, number, number][] = [
  ["sgd", sgd(), 0.02, 0.002],
  ["adam", adam(), 0.1, 0.05],
  ["adamw", adamw({ weightDecay: 0 }), 0.1, 0.05],
  ["proxSgd", proxSgd(), 0.1, 0.01],
  ["rmda", rmda({ c: 0.5 }), 1, 0.01],
];
test.each(lrs)("%s finds the minimum of a parabola and of Rosenbrock's function", async (_, optimizer, lr1, lr2) => {
  const run = (gradient: typeof parabola, lr: number, steps: number) =>
    descend({ optimizer, schedule: constant({ lr }), shape: [1, 2], start: [-1, 1], gradient, steps });
  const flat = (await run(parabola, lr1, 400)).at(-1)!.w;
  for (const x of flat) expect(x).toBeCloseTo(2, 2);
  const curved = (await run(rosenbrock, lr2, 1500)).at(-1)!.w;
  expect(Math.hypot(curved[0] - 1, curved[1] - 1)).toBeLessThan(0.15);
});

test("schedules", () => {
  const at = (epoch: number, step = 0) => ({ epoch, step, stepsPerEpoch: 4, epochs: 10 });
  const staged = multiStep({ lr: 1, milestones: [3, 6] });
  expect([0, 2, 3, 5, 6].map((e) => staged.lr(at(e)))).toEqual([1, 1, 0.1, 0.1, 0.010000000000000002]);
  expect(cosine({ lr: 1 }).lr(at(5))).toBeCloseTo(0.5);
  const warm = warmup(constant({ lr: 1 }), { epochs: 2 });
  expect([at(0), at(1), at(2)].map((m) => warm.lr(m))).toEqual([0.125, 0.625, 1]);
  expect(() => multiStep({ lr: 1, milestones: [5, 5] })).toThrow("increasing");
  expect(() => constant({ lr: 0 })).toThrow("lr must be positive");
});

test("schedules refuse what would give a wrong learning rate or none", () => {
  for (const minLr of [-1e-9, 1.1, Number.NaN, Number.POSITIVE_INFINITY])
    expect(() => cosine({ lr: 1, minLr })).toThrow("minLr is out of range");
  expect(cosine({ lr: 1, minLr: 1 }).options.minLr).toBe(1);
  for (const epochs of [0, -1, Number.NaN, Number.POSITIVE_INFINITY])
    expect(() => warmup(constant({ lr: 1 }), { epochs })).toThrow("warm-up epochs must be positive");
});
