/** Every optimizer beside a scalar loop in float64, written from its equations, over a restart and while λ is warmed up. */
import { expect, test } from "vitest";
import { descend } from "../../test/support/descend.ts";
import { formsOf, type OptimizerName, optimizers } from "../methods.ts";
import { l1 } from "../prox/l1.ts";
import { adam, adamw } from "./adam.ts";
import { grda } from "./grda.ts";
import { hspg } from "./hspg.ts";
import { magnitude } from "./magnitude.ts";
import type { Optimizer } from "./optimizer.ts";
import { proxGen } from "./prox-gen.ts";
import { proxSgd } from "./prox-sgd.ts";
import { proxSsi } from "./prox-ssi.ts";
import { ramda } from "./ramda.ts";
import { rda } from "./rda.ts";
import { rigl } from "./rigl.ts";
import { rmda } from "./rmda.ts";
import { multiStep } from "./schedule.ts";
import { sgd } from "./sgd.ts";

const [STEPS, PER_EPOCH, WARM, LAMBDA, LR, GAMMA] = [15, 5, 8, 0.12, 0.2, 0.5];
const START = [1.5, -0.7, 0.05];
/** λ rises over eight steps, across the restart in front of the sixth. */
const share = (t: number) => Math.min(1, (t + 1) / WARM);
const lr = (t: number) => LR * GAMMA ** Math.min(1, Math.floor(t / PER_EPOCH));
const soft = (x: number, by: number) => Math.sign(x) * Math.max(0, Math.abs(x) - by);

/** The next w from w, the gradient there and the share of λ; t from 0. */
type Loop = (w: number, g: number, lambda: number, t: number) => number;
interface Case {
  readonly optimizer: Optimizer;
  /** A loop of one weight from where it starts. */
  readonly loop: (start: number) => Loop;
}

const restart = (t: number) => t === PER_EPOCH;

const adamLoop = (decay: number, apart: boolean) => () => {
  let [m, v] = [0, 0];
  return (w: number, dw: number, _: number, t: number) => {
    const g = apart ? dw : dw + decay * w;
    m = 0.9 * m + 0.1 * g;
    v = 0.999 * v + 0.001 * g * g;
    const step = (lr(t) * (m / (1 - 0.9 ** (t + 1)))) / (Math.sqrt(v / (1 - 0.999 ** (t + 1))) + 1e-8);
    return w * (apart ? 1 - lr(t) * decay : 1) - step;
  };
};

/** torch.optim.SGD */
const sgdLoop = (momentum: number, decay: number, nesterov: boolean) => () => {
  let v = 0;
  return (w: number, dw: number, _: number, t: number) => {
    const g = dw + decay * w;
    v = momentum * v + g;
    return w - lr(t) * (nesterov ? g + momentum * v : v);
  };
};

/** A row per optimizer; of one with several forms a further row for each. */
const cases: Readonly<Record<OptimizerName | `${OptimizerName}, ${string}`, Case>> = {
  sgd: { optimizer: sgd({ momentum: 0.9, weightDecay: 0.01 }), loop: sgdLoop(0.9, 0.01, false) },
  "sgd, Nesterov": { optimizer: sgd({ momentum: 0.8, nesterov: true }), loop: sgdLoop(0.8, 0, true) },
  adam: { optimizer: adam({ weightDecay: 0.1 }), loop: adamLoop(0.1, false) },
  adamw: { optimizer: adamw({ weightDecay: 0.1 }), loop: adamLoop(0.1, true) },
  // as long as nothing is masked: masks act on all weights at once, in rigl.test.ts and magnitude.test.ts
  rigl: { optimizer: rigl({ sparsity: 0, momentum: 0.7 }), loop: sgdLoop(0.7, 0, false) },
  magnitude: { optimizer: magnitude({ sparsity: 0, momentum: 0.6 }), loop: sgdLoop(0.6, 0, false) },
  grda: {
    optimizer: grda({ c: 0.02, mu: 0.7 }),
    loop(start) {
      let [a, threshold] = [start, 0];
      return (_, g, __, t) => {
        a -= lr(t) * g;
        threshold += 0.02 * lr(t) ** 1.2 * ((t + 1) ** 0.7 - t ** 0.7);
        return soft(a, threshold);
      };
    },
  },
  proxSgd: {
    optimizer: proxSgd({ rho: 0.4 }),
    loop() {
      let m = 0;
      return (w, g, lambda, t) => {
        m = 0.6 * m + 0.4 * g;
        return soft(w - lr(t) * m, lr(t) * lambda);
      };
    },
  },
  "proxSgd, yang": {
    optimizer: proxSgd({ form: "yang", rho: 0.9, beta: 0.9 }),
    loop() {
      let [v, r] = [0, 0];
      return (w, g, lambda, t) => {
        const rho = 0.9 / Math.sqrt(t + 5);
        v = (1 - rho) * v + rho * g;
        r = 0.9 * r + 0.1 * g * g;
        const tau = Math.sqrt(r / (1 - 0.9 ** (t + 1))) + 1e-8;
        return w + (lr(t) / Math.sqrt(t + 5)) * (soft(w - v / tau, lambda / tau) - w);
      };
    },
  },
  proxSsi: {
    optimizer: proxSsi({ betas: [0.8, 0.9] }),
    loop() {
      let [m, u] = [0, 0];
      return (w, g, lambda, t) => {
        m = 0.8 * m + 0.2 * g;
        u = 0.9 * u + 0.1 * g * g;
        const d = Math.sqrt(u) + 1e-6;
        const rate = (lr(t) * Math.sqrt(1 - 0.9 ** (t + 1))) / (1 - 0.8 ** (t + 1));
        return soft(w - (rate * m) / d, (lr(t) * lambda) / d);
      };
    },
  },
  proxGen: {
    optimizer: proxGen({ betas: [0.8, 0.9] }),
    loop() {
      let [m, u] = [0, 0];
      return (w, g, lambda, t) => {
        m = 0.8 * m + 0.2 * g;
        u = 0.9 * u + 0.1 * g * g;
        const d = Math.sqrt(u / (1 - 0.9 ** (t + 1))) + 1e-8;
        return soft(w - ((lr(t) / (1 - 0.8 ** (t + 1))) * m) / d, (lr(t) * lambda) / d);
      };
    },
  },
  rda: {
    optimizer: rda(),
    loop() {
      let sum = 0;
      return (_, g, lambda, t) => {
        sum += g;
        return -lr(t) * Math.sqrt(t + 1) * soft(sum / (t + 1), lambda);
      };
    },
  },
  rmda: {
    optimizer: rmda({ c: 0.5 }),
    loop(start) {
      let [w0, v, alpha, n] = [start, 0, 0, 0];
      return (w, g, lambda, t) => {
        if (restart(t)) [w0, v, alpha, n] = [w, 0, 0, 0];
        const s = lr(t) * Math.sqrt(++n);
        v += s * g;
        alpha += s * lambda; // each step's part of α with that step's share
        const inside = soft(w0 - v / Math.sqrt(n), alpha / Math.sqrt(n));
        const c = t < PER_EPOCH ? 0.5 : 1;
        return (1 - c) * w + c * inside;
      };
    },
  },
  ramda: {
    optimizer: ramda({ c: 0.5, momentumSchedule: "milestones", eps: 1e-3 }),
    loop(start) {
      let [w0, v, u, alpha, n, eps] = [start, 0, 0, 0, 0, 1e-3];
      return (w, g, lambda, t) => {
        if (restart(t)) [w0, v, u, alpha, n, eps] = [w, 0, 0, 0, 0, eps * GAMMA];
        const s = lr(t) * Math.sqrt(++n);
        v += s * g;
        u += s * g * g;
        alpha += s * lambda;
        const metric = Math.cbrt(u) + eps;
        const c = t < PER_EPOCH ? 0.5 : 1;
        return (1 - c) * w + c * soft(w0 - v / metric, alpha / metric);
      };
    },
  },
  hspg: {
    optimizer: hspg({ switchEpoch: 1, momentum: 0.3 }), // the gradient of the penalty from the sixth step on, still warmed up
    loop() {
      let v = 0;
      return (w, g, lambda, t) => {
        const stage2 = t >= PER_EPOCH;
        v = 0.3 * v + 0.7 * (stage2 ? g + lambda * Math.sign(w) : g);
        const x = w - lr(t) * v;
        if (!stage2) return soft(x, lr(t) * lambda);
        return x * w <= 0 ? 0 : x;
      };
    },
  },
};

const descent = (optimizer: Optimizer, rising: (t: number) => number) =>
  descend({
    optimizer,
    schedule: multiStep({ lr: LR, milestones: [1], gamma: GAMMA }),
    penalty: optimizer.prox && l1({ lambda: LAMBDA }),
    shape: [1, START.length],
    start: START,
    gradient: (g, w) => g.Sub(g.Mul(g.Mul(w, w), w), 0.1),
    steps: STEPS,
    stepsPerEpoch: PER_EPOCH,
    share: rising,
  });

test("every form has a row", () => {
  for (const { name, form } of Object.values(optimizers).flatMap((o) => formsOf(o)))
    expect(
      Object.values(cases).some((row) => row.optimizer.name === name && row.optimizer.form === form),
      `${name} ${form}`,
    ).toBe(true);
});

test.each(Object.entries(cases))("%s follows its loop", async (_, { optimizer, loop }) => {
  const trace = await descent(optimizer, share);
  START.forEach((start, i) => {
    const next = loop(start);
    let w = start;
    trace.forEach((step, t) => {
      w = next(w, w ** 3 - 0.1, LAMBDA * share(t), t);
      if (w === 0) expect(step.w[i], `step ${t}`).toBe(0);
      else expect(step.w[i], `step ${t}`).toBeCloseTo(w, 5);
    });
  });
  if (optimizer.prox === undefined) return;
  const [warmed, whole] = [trace, await descent(optimizer, () => 1)].map((steps) => steps.map((s) => s.w[0]));
  expect(Math.max(...warmed.map((w, t) => Math.abs(w - whole[t])))).toBeGreaterThan(1e-3);
});
