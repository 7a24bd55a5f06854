/** Magnitude pruning: its schedule, a whole run of a linear model in float64, exact counts at every step, ties. */
import { expect, test } from "vitest";
import { everyStep } from "../../test/support/every-step.ts";
import { leastSquares } from "../../test/support/least-squares.ts";
import { residualNet } from "../../test/support/residual-net.ts";
import { digits } from "../data/digits.ts";
import { node } from "../engine/node.ts";
import { size } from "../graph/tensor.ts";
import { logistic } from "../models/logistic.ts";
import { mlp } from "../models/mlp.ts";
import { meanSquaredError } from "../step/loss.ts";
import { densities } from "./densities.ts";
import { type MagnitudeOptions, magnitude } from "./magnitude.ts";
import { constant } from "./schedule.ts";

const engine = node({ threads: 1 });
const schedule = constant({ lr: 0.1 });

/** Steps (from 1) at which it prunes, with the sparsity that equation 1 gives from s_i to s_f. */
function prunings(options: MagnitudeOptions, epochs: number, stepsPerEpoch: number): [number, number][] {
  const { clock } = magnitude(options);
  const { sparsity = 0.9, initialSparsity = 0 } = options;
  return Array.from({ length: epochs * stepsPerEpoch }, (_, i) => i).flatMap((i) => {
    const now = {
      epoch: Math.floor(i / stepsPerEpoch),
      step: i % stepsPerEpoch,
      epochs,
      stepsPerEpoch,
    };
    const { kind, numbers } = clock.tick({}, now, schedule);
    const s = sparsity + (initialSparsity - sparsity) * numbers.remaining;
    return kind ? [[i + 1, s] as [number, number]] : [];
  });
}

test("the schedule of equation 1, its end included where the interval does not divide", () => {
  const found = prunings(
    { sparsity: 0.8, initialSparsity: 0.2, updateFrom: 0.1, updateUntil: 0.5, updateEvery: 15 },
    10,
    10,
  );
  expect(found.map(([t]) => t)).toEqual([10, 25, 40, 50]);
  // 0.8 − 0.6·(1 − (t − 10)/40)³
  [0.2, 0.6535156, 0.790625, 0.8].forEach((s, i) => {
    expect(found[i][1]).toBeCloseTo(s, 7);
  });
  expect(prunings({ sparsity: 0.5 }, 3, 4).map(([t]) => t)).toEqual([1, 9]);
  expect(prunings({ sparsity: 0.5, updateUntil: 0 }, 3, 4)).toEqual([[1, 0.5]]); // at once
});

test("a linear model follows its run in float64", async () => {
  const { data, gradients } = leastSquares({ samples: 24, inputs: 12, outputs: 5 });
  const [lr, momentum, weightDecay] = [0.1, 0.9, 0.01];
  const steps = await everyStep(mlp({ sizes: [12, 5], seed: 2 }), data, {
    engine,
    optimizer: magnitude({ sparsity: 0.8, updateEvery: 4, momentum, nesterov: true, weightDecay }),
    schedule,
    loss: meanSquaredError(),
    epochs: 40,
    batchSize: 24,
  });
  let w = [...steps[0].get("fc1.weight")!];
  let b = [...steps[0].get("fc1.bias")!];
  let mask = w.map(() => 1);
  let v = w.map(() => 0);
  let vb = b.map(() => 0);
  for (let t = 1; t <= 40; t++) {
    const { dw, db } = gradients(w, b);
    const d = dw.map((x, i) => (x + weightDecay * w[i]) * mask[i]);
    const e = db.map((x, i) => x + weightDecay * b[i]);
    v = v.map((x, i) => momentum * x + d[i]);
    vb = vb.map((x, i) => momentum * x + e[i]);
    w = w.map((x, i) => x - lr * (d[i] + momentum * v[i]));
    b = b.map((x, i) => x - lr * (e[i] + momentum * vb[i]));
    if (t === 30 || (t < 30 && (t - 1) % 4 === 0)) {
      const left = 12 + Math.round(48 * (1 - (t - 1) / 29) ** 3);
      const ranked = w
        .map((_, i) => i)
        .filter((i) => mask[i])
        .sort((i, j) => Math.abs(w[j]) - Math.abs(w[i]));
      const keep = new Set(ranked.slice(0, left));
      mask = mask.map((_, i) => (keep.has(i) ? 1 : 0));
      w = w.map((x, i) => x * mask[i]);
      v = v.map((x, i) => x * mask[i]);
    }
    expect(steps[t].get("slot/mask/fc1.weight"), `mask of step ${t}`).toEqual(mask);
    steps[t].get("fc1.weight")!.forEach((x, i) => {
      if (mask[i]) expect(x).toBeCloseTo(w[i], 4);
      else expect(x === 0).toBe(true);
    });
  }
  expect(mask.reduce((n, m) => n + m, 0)).toBe(12);
});

test.each(["global", "uniform", "erk"] as const)(
  "%s on a residual network: exact counts, and nothing returns",
  async (distribution) => {
    const model = residualNet();
    const steps = await everyStep(model, digits({ train: 80, test: 8, seed: 2 }), {
      engine,
      optimizer: magnitude({ sparsity: 0.9, distribution, updateEvery: 3 }),
      schedule,
      epochs: 2,
      batchSize: 16,
    });
    const weights = [...model.graph.initializers.keys()].filter((v) => v.shape.length > 1);
    const shapes = weights.map((v) => v.shape);
    const total = shapes.reduce((n, s) => n + size(s), 0);
    const ones = (t: number, i: number) => steps[t].get(`slot/mask/${weights[i].name}`)!.reduce((n, m) => n + m, 0);
    // ten steps: prunings after 1, 4, 7 and, at 0.75·10, 8
    const remaining = [1, (4 / 7) ** 3, (1 / 7) ** 3, 0];
    [1, 4, 7, 8, 10].forEach((t, k) => {
      const share = remaining[Math.min(k, 3)];
      const left = (n: number, density: number) => {
        const last = Math.round(n * density);
        return last + Math.round((n - last) * share);
      };
      if (distribution === "global") expect(weights.reduce((n, _, i) => n + ones(t, i), 0)).toBe(left(total, 1 - 0.9));
      else
        densities(shapes, 0.9, distribution).forEach((density, i) => {
          expect(ones(t, i), `${weights[i].name} after step ${t}`).toBe(left(size(shapes[i]), density));
        });
    });
    for (const { name } of weights) {
      for (let t = 1; t < steps.length; t++) {
        const [before, mask, w] = [steps[t - 1], steps[t], steps[t]].map(
          (s, k) => s.get(k < 2 ? `slot/mask/${name}` : name)!,
        );
        mask.forEach((m, i) => {
          if (m > before[i]) throw new Error(`${name}[${i}] returned in step ${t}`);
          if (m === 0 && w[i] !== 0) throw new Error(`${name}[${i}] is not zero after step ${t}`);
        });
      }
    }
  },
);

test("weights that all are equal: the earlier stay, and exactly so many", async () => {
  const data = digits({ train: 32, test: 8, seed: 2 });
  const steps = await everyStep(logistic(), data, {
    engine,
    optimizer: magnitude({ sparsity: 0.9, updateUntil: 0 }),
    schedule: constant({ lr: 1e-30 }), // all weights are 0 and stay so, but for a last few bits
    epochs: 1,
    batchSize: 32,
  });
  expect(steps[1].get("slot/mask/fc.weight")!.reduce((n, m) => n + m, 0)).toBe(784);
});

test("what is out of range is refused", () => {
  expect(() => magnitude({ sparsity: 0.5, initialSparsity: 0.6 })).toThrow("initialSparsity is out of range");
  expect(() => magnitude({ updateFrom: 0.8 })).toThrow("updateFrom is out of range");
  expect(() => magnitude({ updateUntil: 1.1 })).toThrow("updateUntil is out of range");
  expect(() => magnitude({ distribution: "layer" as "erk" })).toThrow("distribution is unknown");
});
