/** RigL: its exchange on random and tied numbers, a whole run of a linear model in float64, exact masks at every step of a conv net. */
import { expect, test } from "vitest";
import { everyStep } from "../../test/support/every-step.ts";
import { leastSquares } from "../../test/support/least-squares.ts";
import { residualNet } from "../../test/support/residual-net.ts";
import { digits } from "../data/digits.ts";
import { runOnce } from "../engine/engine.ts";
import { node } from "../engine/node.ts";
import { builder } from "../graph/builder.ts";
import { f32, size } from "../graph/tensor.ts";
import type { Value } from "../graph/types.ts";
import { Random } from "../math/random.ts";
import { mlp } from "../models/mlp.ts";
import { encode } from "../onnx/write.ts";
import { meanSquaredError } from "../step/loss.ts";
import { train } from "../train/train.ts";
import { densities } from "./densities.ts";
import { stepRule } from "./optimizer.ts";
import { rigl } from "./rigl.ts";
import { constant, type Moment } from "./schedule.ts";

const engine = node({ threads: 1 });

/** The mask after an exchange, from the description; earlier places first among equals. */
function exchanged(w: readonly number[], dw: readonly number[], mask: readonly number[], drop: number): number[] {
  const by = (score: (i: number) => number) => (a: number, b: number) => score(b) - score(a) || a - b;
  const places = w.map((_, i) => i);
  const active = places.filter((i) => mask[i] === 1).sort(by((i) => Math.abs(w[i])));
  const keep = new Set(active.slice(0, active.length - drop));
  const grow = places.filter((i) => !keep.has(i)).sort(by((i) => Math.abs(dw[i])));
  const next = new Set([...keep, ...grow.slice(0, drop)]);
  return places.map((i) => (next.has(i) ? 1 : 0));
}

/** RigL on a net with one weight [O, I], and its first mask. */
async function bound(shape: [number, number], options: Parameters<typeof rigl>[0], seed = 3) {
  const net = mlp({ sizes: [shape[1], shape[0]], seed: 1 });
  const [param] = net.graph.initializers.keys();
  const optimizer = rigl(options).bind!({ graph: net.graph, seed });
  const g = builder("init");
  g.output(g.Identity(optimizer.init(g, g.input("w", "float32", shape), param).mask), "mask");
  const session = await engine.load(encode(g.build()));
  const { mask } = await runOnce(session, engine, { w: f32(new Float32Array(size(shape)), shape) });
  return { param, optimizer, mask, old: [...(mask.data as Float32Array)] };
}

/** One exchange as a graph. */
async function exchangeOnce(
  shape: [number, number],
  options: Parameters<typeof rigl>[0],
  data: (mask: readonly number[]) => { w: number[]; dw: number[]; v: number[]; drop: number },
) {
  const { param, optimizer, mask, old } = await bound(shape, options);
  const { w, dw, v, drop } = data(old);

  const g = builder("exchange");
  const input = (name: string, s: readonly number[]): Value => g.input(name, "float32", s);
  const next = stepRule(optimizer, "exchange").propose(g, {
    param,
    w: input("w", shape),
    dw: input("dw", shape),
    slots: { v: input("v", shape), mask: input("mask", shape) },
    clock: { drop: input("drop", []), lr: g.scalar(0.1) },
  });
  g.output(g.Identity(next.candidate), "candidate");
  g.output(g.Identity(next.slots.v), "momentum");
  g.output(g.Identity(next.slots.mask), "next");
  const session = await engine.load(encode(g.build()));
  const feeds = { w: f32(w, shape), dw: f32(dw, shape), v: f32(v, shape), mask, drop: f32([drop], []) };
  const out = await runOnce(session, engine, feeds);
  const read = (name: string) => [...(out[name].data as Float32Array)];
  return { old, w, dw, v, candidate: read("candidate"), momentum: read("momentum"), next: read("next") };
}

test.each([
  ["all different", (r: Random) => r.normal()],
  ["many equal magnitudes", (r: Random) => (r.int(3) - 1) / 4],
  ["all equal", () => 0.5],
  ["all zero", () => 0],
])("an exchange of %s numbers is the one of the description, ties to the earlier", async (what, draw) => {
  let regrown = 0;
  for (const drop of [0, 0.1, 0.2999, 0.3]) {
    const random = new Random(11, "verify");
    const numbersOf = (n: number) => Array.from({ length: n }, () => Math.fround(draw(random)));
    const out = await exchangeOnce([9, 13], { sparsity: 0.6 }, (mask) => {
      const masked = (xs: number[]) => xs.map((x, i) => x * mask[i]);
      return { w: masked(numbersOf(117)), dw: numbersOf(117), v: masked(numbersOf(117)), drop };
    });
    const active = out.old.filter((m) => m === 1).length;
    expect(active).toBe(Math.round(0.4 * 117));
    const k = Math.floor(Math.fround(Math.fround(drop) * active));
    const wanted = exchanged(out.w, out.dw, out.old, k);
    expect(out.next).toEqual(wanted);
    out.next.forEach((m, i) => {
      const stays = m === 1 && out.old[i] === 1; // kept, or dropped and grown again
      expect(out.candidate[i] === (stays ? out.w[i] : 0)).toBe(true);
      expect(out.momentum[i] === (stays ? out.v[i] : 0)).toBe(true);
    });
    regrown += out.next.filter((m, i) => m === 1 && out.old[i] === 1).length - (active - k);
  }
  if (what === "all different") expect(regrown, "some weights were dropped and grown again").toBeGreaterThan(0);
});

test("the clock: every ΔT-th step until T_end, with the cosine of the paper", () => {
  const { clock } = rigl({ updateEvery: 100, updateUntil: 0.75, dropFraction: 0.3 });
  const [epochs, stepsPerEpoch] = [10, 80]; // 800 steps, T_end = 600
  const found: [number, number][] = [];
  for (let t = 1; t <= 800; t++) {
    const now: Moment = {
      epoch: Math.floor((t - 1) / stepsPerEpoch),
      step: (t - 1) % stepsPerEpoch,
      epochs,
      stepsPerEpoch,
    };
    const { kind, numbers, restart } = clock.tick({}, now, constant({ lr: 0.1 }));
    expect(restart).toBe(false);
    if (kind) found.push([t, numbers.drop]);
    else expect(numbers.drop).toBe(0);
  }
  expect(found.map(([t]) => t)).toEqual([100, 200, 300, 400, 500]);
  // 0.15·(1 + cos(π/6 · 1 … 5))
  [0.2799038, 0.225, 0.15, 0.075, 0.0200962].forEach((f, i) => {
    expect(found[i][1]).toBeCloseTo(f, 7);
  });
});

test("a linear model follows its run in float64, exchanges by dense gradients included", async () => {
  const { data, gradients } = leastSquares({ samples: 24, inputs: 12, outputs: 5 });
  const [lr, momentum, weightDecay] = [0.1, 0.9, 0.01];
  const steps = await everyStep(mlp({ sizes: [12, 5], seed: 2 }), data, {
    engine,
    optimizer: rigl({ sparsity: 0.5, updateEvery: 5, momentum, weightDecay }),
    schedule: constant({ lr }),
    loss: meanSquaredError(),
    epochs: 40,
    batchSize: 24,
  });
  expect(steps).toHaveLength(41);
  let mask = [...steps[0].get("slot/mask/fc1.weight")!];
  let w = [...steps[0].get("fc1.weight")!];
  let b = [...steps[0].get("fc1.bias")!];
  let v = w.map(() => 0);
  let vb = b.map(() => 0);
  let changed = 0;
  for (let t = 1; t <= 40; t++) {
    const { dw, db } = gradients(w, b);
    if (t % 5 === 0 && t < 30) {
      const f = Math.fround(0.15 * (1 + Math.cos((Math.PI * t) / 30)));
      const next = exchanged(w, dw, mask, Math.floor(f * 30));
      changed += next.filter((m, i) => m !== mask[i]).length;
      w = w.map((x, i) => x * mask[i] * next[i]);
      v = v.map((x, i) => x * mask[i] * next[i]);
      mask = next;
    } else {
      v = v.map((x, i) => momentum * x + (dw[i] + weightDecay * w[i]) * mask[i]);
      vb = vb.map((x, i) => momentum * x + db[i] + weightDecay * b[i]);
      w = w.map((x, i) => x - lr * v[i]);
      b = b.map((x, i) => x - lr * vb[i]);
    }
    expect(steps[t].get("slot/mask/fc1.weight"), `mask of step ${t}`).toEqual(mask);
    steps[t].get("fc1.weight")!.forEach((x, i) => {
      if (mask[i]) expect(x).toBeCloseTo(w[i], 4);
      else expect(x === 0).toBe(true);
    });
    steps[t].get("slot/v/fc1.weight")!.forEach((x, i) => {
      expect(x).toBeCloseTo(v[i], 4);
    });
    steps[t].get("fc1.bias")!.forEach((x, i) => {
      expect(x).toBeCloseTo(b[i], 4);
    });
  }
  expect(changed, "masks did move").toBeGreaterThan(10);
});

test("a residual network: every layer has its exact number of active weights at every step", async () => {
  const data = digits({ train: 96, test: 8, seed: 2 });
  const model = residualNet();
  const optimizer = rigl({ sparsity: 0.9, updateEvery: 2 });
  const steps = await everyStep(model, data, {
    engine,
    optimizer,
    schedule: constant({ lr: 0.05 }),
    epochs: 2,
    batchSize: 16,
  });
  expect(steps).toHaveLength(13);
  const weights = [...model.graph.initializers.keys()].filter((v) => v.shape.length > 1);
  const shares = densities(
    weights.map((v) => v.shape),
    0.9,
    "erk",
  );
  const mask = (t: number, name: string) => steps[t].get(`slot/mask/${name}`)!;
  weights.forEach(({ name, shape }, layer) => {
    for (let t = 0; t < steps.length; t++) {
      const ones = mask(t, name).reduce((n, m) => n + m, 0);
      expect(ones, `${name} after step ${t}`).toBe(Math.round(shares[layer] * size(shape)));
      const [w, v] = [steps[t].get(name)!, steps[t].get(`slot/v/${name}`)!];
      mask(t, name).forEach((m, i) => {
        if (m === 0 && !(w[i] === 0 && v[i] === 0)) throw new Error(`${name}[${i}] is not zero after step ${t}`);
      });
    }
  });
  const moved = (t: number) => weights.some(({ name }) => mask(t, name).some((m, i) => m !== mask(t - 1, name)[i]));
  expect([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12].filter(moved)).toEqual([2, 4, 6]); // T_end = 9
  // (at step 8 the share is less than one weight of any layer)
  for (const t of [2, 4, 6, 8]) // the exchange replaces the step: biases and norms stand still
    for (const name of ["bn1.weight", "fc.bias"]) expect(steps[t].get(name)).toEqual(steps[t - 1].get(name));
  expect(steps[3].get("fc.bias")).not.toEqual(steps[2].get("fc.bias"));
});

test("the first mask depends on the seed alone", async () => {
  const of = async (seed: number) => (await bound([9, 13], { sparsity: 0.6 }, seed)).old;
  expect(await of(1)).toEqual(await of(1));
  expect(await of(1)).not.toEqual(await of(2));
});

test("the groups that it reports are the weights, not the biases", () => {
  const { graph } = mlp({ sizes: [20, 10, 5] });
  const sets = rigl().bind!({ graph, seed: 1 }).sets!;
  expect(sets.map((s) => [s.name, s.count])).toEqual([
    ["fc1.weight", 200],
    ["fc2.weight", 50],
  ]);
});

test("what is out of range is refused, and a run too short for an exchange is told", () => {
  expect(() => rigl({ sparsity: 1 })).toThrow("sparsity is out of range");
  expect(() => rigl({ distribution: "global" as "erk" })).toThrow("distribution is unknown");
  expect(() => rigl({ updateEvery: 0.5 })).toThrow("updateEvery is out of range");
  expect(() => rigl({ updateUntil: 0 })).toThrow("updateUntil is out of range");
  expect(() => rigl({ dropFraction: 2 })).toThrow("dropFraction is out of range");
  const data = digits({ train: 64, test: 8, seed: 1 });
  const run = train(mlp({ sizes: [784, 10], input: [1, 28, 28] }), data, {
    engine,
    optimizer: rigl(),
    schedule: constant({ lr: 0.1 }),
    epochs: 2,
  });
  expect(run.notes.map(String)).toEqual([
    "rigl never moves its masks: they stay from step 2 on, and updateEvery is 100",
  ]);
});
