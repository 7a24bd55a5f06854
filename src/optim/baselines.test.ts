/** Every baseline: a scalar loop in float64, a parabola, Rosenbrock's function; each session is built once. */
import { expect, test } from "vitest";
import { descend } from "../../test/support/descend.ts";
import type { Builder } from "../graph/builder.ts";
import type { Value } from "../graph/types.ts";
import { l1 } from "../prox/l1.ts";
import { adam, adamw } from "./adam.ts";
import type { Optimizer } from "./optimizer.ts";
import { proxSgd } from "./prox-sgd.ts";
import { rmda } from "./rmda.ts";
import { constant, cosine, multiStep, warmup } from "./schedule.ts";
import { sgd } from "./sgd.ts";

const LR = 0.05;
const gradientOf = (x: number) => x ** 3 - 0.5; // any smooth function
const cube = (g: Builder, w: Value) => g.Sub(g.Mul(g.Mul(w, w), w), 0.5);

type Loop = () => (x: number) => number;
const soft = (x: number, t: number) => Math.sign(x) * Math.max(0, Math.abs(x) - t);
const adamLoop = (decoupled: boolean, wd: number) => (): ((x: number) => number) => {
  let [m, v, t] = [0, 0, 0];
  return (x) => {
    t++;
    const g = gradientOf(x) + (decoupled ? 0 : wd * x);
    m = 0.9 * m + 0.1 * g;
    v = 0.999 * v + 0.001 * g * g;
    const step = (LR * (m / (1 - 0.9 ** t))) / (Math.sqrt(v / (1 - 0.999 ** t)) + 1e-8);
    return x * (decoupled ? 1 - LR * wd : 1) - step;
  };
};

const cases: Record<string, { optimizer: Optimizer; loop: Loop; lambda?: number }> = {
  sgd: {
    optimizer: sgd({ momentum: 0.9, weightDecay: 0.01 }),
    loop: () => {
      let v = 0;
      return (x) => {
        v = 0.9 * v + gradientOf(x) + 0.01 * x;
        return x - LR * v;
      };
    },
  },
  nesterov: {
    optimizer: sgd({ momentum: 0.8, nesterov: true }),
    loop: () => {
      let v = 0;
      return (x) => {
        v = 0.8 * v + gradientOf(x);
        return x - LR * (gradientOf(x) + 0.8 * v);
      };
    },
  },
  adam: { optimizer: adam({ weightDecay: 0.1 }), loop: adamLoop(false, 0.1) },
  adamw: { optimizer: adamw({ weightDecay: 0.1 }), loop: adamLoop(true, 0.1) },
  proxSgd: {
    optimizer: proxSgd({ rho: 0.3 }),
    lambda: 0.2,
    loop: () => {
      let m = 0;
      return (x) => {
        m = 0.7 * m + 0.3 * gradientOf(x);
        return soft(x - LR * m, LR * 0.2);
      };
    },
  },
  "proxSgd, Yang's": {
    optimizer: proxSgd({ form: "yang", rho: 0.8, beta: 0.95 }),
    lambda: 0.2,
    loop: () => {
      let [v, r, t] = [0, 0, 0];
      return (x) => {
        t++;
        const [rho, epsilon] = [0.8 / Math.sqrt(t + 4), LR / Math.sqrt(t + 4)];
        const g = gradientOf(x);
        v = (1 - rho) * v + rho * g;
        r = 0.95 * r + 0.05 * g * g;
        const tau = Math.sqrt(r / (1 - 0.95 ** t)) + 1e-8;
        return x + epsilon * (soft(x - v / tau, 0.2 / tau) - x);
      };
    },
  },
};

test.each(Object.entries(cases))("%s follows its scalar loop", async (_, { optimizer, loop, lambda }) => {
  const start = [1.5, -0.7, 0.02];
  const trace = await descend({
    optimizer,
    schedule: constant({ lr: LR }),
    penalty: lambda ? l1({ lambda }) : undefined,
    shape: [1, 3],
    start,
    gradient: cube,
    steps: 12,
  });
  start.forEach((x0, i) => {
    const step = loop();
    let x = x0;
    for (const { w } of trace) {
      x = step(x);
      expect(w[i]).toBeCloseTo(x, 5);
    }
  });
});

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
