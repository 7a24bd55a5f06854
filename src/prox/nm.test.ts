import { expect, test } from "vitest";
import { everyStep } from "../../test/support/every-step.ts";
import { penaltyFunctions } from "../../test/support/penalty-functions.ts";
import { fromArrays } from "../data/dataset.ts";
import { runOnce } from "../engine/engine.ts";
import { node } from "../engine/node.ts";
import { builder } from "../graph/builder.ts";
import { f32, size } from "../graph/tensor.ts";
import type { Graph, Shape, Tensor } from "../graph/types.ts";
import { Random } from "../math/random.ts";
import { models } from "../models/index.ts";
import { encode } from "../onnx/write.ts";
import { proxSgd } from "../optim/prox-sgd.ts";
import { proxSsi } from "../optim/prox-ssi.ts";
import { rda } from "../optim/rda.ts";
import { rmda } from "../optim/rmda.ts";
import { constant } from "../optim/schedule.ts";
import { train } from "../train/train.ts";
import { nm } from "./nm.ts";

const engine = node({ threads: 1 });
const random = new Random(5, "verify");
/** Few different magnitudes, so that ties are common. */
const tied = (shape: Shape): Tensor =>
  f32(
    Float32Array.from({ length: size(shape) }, () => Math.round(random.normal() * 2) / 2),
    shape,
  );

/** conv (6 inputs), grouped conv (4 per group), depthwise, Gemm and MatMul, with and without a rest. */
function network(draw: (shape: Shape) => Tensor): Graph {
  const g = builder("net");
  const w = (name: string, shape: Shape) => g.initializer(name, draw(shape));
  const x = g.input("x", "float32", [1, 6, 5, 5]);
  const a = g.Conv(x, w("conv", [8, 6, 2, 2]), w("bias", [8]));
  const b = g.Conv(a, w("grouped", [4, 4, 1, 1]), null, { group: 2 });
  const c = g.Conv(b, w("depthwise", [4, 1, 2, 2]), null, { group: 4 });
  const d = g.Gemm(g.Flatten(c), w("dense", [10, 36]), null, { transB: 1 });
  g.output(g.MatMul(d, w("out", [10, 3])), "y");
  return g.build();
}

/** Flat positions of each whole block of four of a weight of `network`, in order. */
function blocks(name: string): number[][] {
  const [before, inputs, after] = { conv: [8, 6, 4], grouped: [4, 4, 1], dense: [10, 36, 1], out: [1, 10, 3] }[name]!;
  const found: number[][] = [];
  for (let p = 0; p < before; p++)
    for (let b = 0; b + 4 <= inputs; b += 4)
      for (let q = 0; q < after; q++) found.push([0, 1, 2, 3].map((i) => (p * inputs + b + i) * after + q));
  return found;
}
const WEIGHTS = ["conv", "grouped", "dense", "out"];

/** The n most important of a block stay; a stable sort takes the first of equals. */
function replica(w: ArrayLike<number>, name: string, n: number, share: number, d?: ArrayLike<number>): number[] {
  const out = Array.from(w);
  for (const block of blocks(name)) {
    const importance = (i: number) => (d ? d[i] * w[i] * w[i] : Math.abs(w[i]));
    const order = [...block].sort((i, j) => importance(j) - importance(i));
    for (const i of order.slice(n)) out[i] = w[i] * (1 - share);
  }
  return out;
}
const named = (graph: Graph) => Object.fromEntries([...graph.initializers].map(([v, t]) => [v.name, t]));

test.each([1, 2, 3])("%i of 4: random tensors with ties, of every layout, in both metrics", async (n) => {
  const graph = network(tied);
  const start = named(graph);
  const metric = Object.fromEntries(
    Object.entries(start).map(([k, t]) => [
      k,
      f32(
        (t.data as Float32Array).map((_, i) => 1 + (i % 3)),
        t.shape,
      ),
    ]),
  );
  for (const d of [undefined, metric]) {
    const { prox, value } = await penaltyFunctions(nm({ n }), graph, { step: 0.3, metric: d });
    const found = await prox(start);
    for (const [name, t] of Object.entries(found)) {
      const wanted = WEIGHTS.includes(name)
        ? replica(start[name].data as Float32Array, name, n, 1, d?.[name].data as Float32Array)
        : Array.from(start[name].data as Float32Array);
      expect([...(t.data as Float32Array)].map((x) => x + 0)).toEqual(wanted.map((x) => x + 0));
    }
    expect(await value(found)).toBe(0);
    expect(await value(start)).toBeGreaterThan(1e20);
  }
});

test("value and prox agree: no point that keeps other weights of a block is nearer", async () => {
  const graph = network((shape) =>
    f32(
      Float32Array.from({ length: size(shape) }, () => random.normal()),
      shape,
    ),
  );
  const start = named(graph);
  const { prox } = await penaltyFunctions(nm(), graph, { step: 0.3 });
  const found = await prox(start);
  for (const name of WEIGHTS)
    for (const block of blocks(name)) {
      const w = block.map((i) => start[name].data[i] as number);
      const distance = (u: readonly number[]) => u.reduce((sum, x, i) => sum + (x - w[i]) ** 2, 0);
      const best = distance(block.map((i) => found[name].data[i] as number));
      for (const [i, j] of [
        [0, 1],
        [0, 2],
        [0, 3],
        [1, 2],
        [1, 3],
        [2, 3],
      ])
        expect(distance(w.map((x, k) => (k === i || k === j ? x : 0)))).toBeGreaterThanOrEqual(best - 1e-6);
    }
});

test("while it is warmed up the others decay by 1 − share, and are exactly zero at share 1", async () => {
  const graph = network(tied);
  const start = named(graph);
  const [param] = [...graph.initializers.keys()].filter((v) => v.name === "dense");
  const g = builder();
  const [w, share] = [g.input("w", "float32", param.shape), g.input("share", "float32", [])];
  const all = new Map([...graph.initializers].map(([v, t]) => [v, v === param ? w : g.constant(t)]));
  g.output(nm().bind(graph).prox(g, all, g.scalar(1), share).get(param)!, "y");
  const session = await engine.load(encode(g.build()));
  for (const at of [0, 0.25, 0.75, 1]) {
    const { y } = await runOnce(session, engine, { w: start["dense"], share: f32([at], []) });
    const wanted = replica(start["dense"].data as Float32Array, "dense", 2, at);
    expect([...(y.data as Float32Array)].map((x) => x + 0)).toEqual(wanted.map((x) => x + 0));
  }
});

const count = 24;
const data = fromArrays(
  Float32Array.from({ length: count * 144 }, () => random.normal()),
  Int32Array.from({ length: count }, (_, i) => i % 3),
  { shape: [144], classes: 3, test: { x: new Float32Array(144), y: Int32Array.of(0) } },
);
const run = (optimizer: ReturnType<typeof rmda | typeof proxSgd | typeof proxSsi>, lambdaWarmup = 1) =>
  train(models.mlp({ sizes: [144, 18, 7, 3], seed: 1 }), data, {
    engine,
    optimizer,
    penalty: nm(),
    schedule: constant({ lr: 0.05 }),
    epochs: 4,
    batchSize: 8,
    lambdaWarmup,
  });

test.each([
  ["rmda", rmda({ c: 0.5 })],
  ["proxSgd", proxSgd()],
  ["proxSsi", proxSsi()],
])(
  "%s: after training every whole block has at most two nonzero weights, and the rest is dense",
  async (_, optimizer) => {
    const trained = run(optimizer);
    expect(trained.notes).toEqual(
      expect.arrayContaining([
        "fc2.weight: the last 2 of 18 inputs fill no block of 4 and stay dense",
        "fc3.weight: the last 3 of 7 inputs fill no block of 4 and stay dense",
      ]),
    );
    for await (const _ of trained);
    for (const [v, { data: w, shape }] of trained.model.graph.initializers) {
      if (shape.length !== 2) continue;
      for (let o = 0; o < shape[0]; o++)
        for (let i = 0; i < shape[1]; i += 4) {
          const block = Array.from(w.slice(o * shape[1] + i, o * shape[1] + Math.min(i + 4, shape[1])), Number);
          const nonzero = block.filter((x) => x !== 0).length;
          expect(nonzero, `${v.name} ${o} ${i}`).toBe(block.length === 4 ? 2 : block.length);
        }
    }
  },
);

test("the sparsity comes with the warm-up's end", async () => {
  const trained = run(proxSgd(), 2);
  const blocks = (144 / 4) * 18 + Math.floor(18 / 4) * 7 + 3;
  expect(trained.shortfalls.map(String)).toEqual([
    expect.stringContaining(`${blocks} of ${blocks} blocks of 4 have more than 2`),
  ]);
  for await (const _ of trained);
  const sparsity = trained.history.map((m) => m.elementSparsity);
  expect(sparsity[0]).toBe(0);
  expect(sparsity[1]).toBeGreaterThan(0.45);
  expect(trained.prunes).toBe("weights");
  expect(trained.history.map((m) => m.groupSparsity)).toEqual(sparsity.map((s) => expect.closeTo(s * 1.01, 1)));
  expect(trained.shortfalls.map(String)).toEqual([]);
});

test.each([
  ["rmda", rmda({ c: 1 })],
  ["proxSgd", proxSgd()],
  ["proxSsi", proxSsi()],
])("%s: what is pruned throughout the warm-up decays as 1 − share, to exactly 0", async (_, optimizer) => {
  const dark = fromArrays(
    new Float32Array(count * 8),
    Int32Array.from({ length: count }, (_, i) => i % 3),
    {
      shape: [8],
      classes: 3,
      test: { x: new Float32Array(8), y: Int32Array.of(0) },
    },
  ); // inputs of 0: no weight has a gradient, the mask alone moves it
  const states = await everyStep(models.mlp({ sizes: [8, 3], seed: 1 }), dark, {
    engine,
    optimizer,
    penalty: nm(),
    schedule: constant({ lr: 0.01 }),
    epochs: 4,
    batchSize: 8, // three steps an epoch
    lambdaWarmup: 3,
  });
  const weights = states.map((s) => s.get("fc1.weight")!);
  const [start] = weights;
  const last = weights.at(-1)!;
  const pruned = start.flatMap((_, i) => (last[i] === 0 ? [i] : []));
  expect(pruned).toHaveLength(start.length / 2);
  const decay = [...new Set(weights.map((w) => (w[pruned[0]] / start[pruned[0]]).toFixed(5)))].map(Number);
  expect(decay).toEqual([9, 8, 7, 6, 5, 4, 3, 2, 1, 0].map((left) => Number((left / 9).toFixed(5))));
  for (const w of weights)
    for (const i of pruned) expect(w[i] / start[i]).toBeCloseTo(w[pruned[0]] / start[pruned[0]], 5);
});

test("rda: its point is made anew of the mean gradient, so that the whole share acts on it at every step", async () => {
  const states = await everyStep(models.logistic({ input: [144], classes: 3 }), data, {
    engine,
    optimizer: rda(),
    penalty: nm(),
    schedule: constant({ lr: 1e-7 }), // gradients hardly change: w is −lr·√t times the same, but for the mask
    epochs: 6,
    batchSize: count,
    lambdaWarmup: 5,
  });
  const [first, ...later] = states.slice(1).map((s) => s.get("fc.weight")!);
  const block = [0, 1, 2, 3];
  const kept = block.filter((i) => later.at(-1)![i] !== 0);
  const pruned = block.filter((i) => !kept.includes(i));
  expect([kept.length, pruned.length]).toEqual([2, 2]);
  for (const i of pruned) {
    const left = [first, ...later].map((w) => w[i] / w[kept[0]] / (first[i] / first[kept[0]]));
    [4, 3, 2, 1, 0, 0].forEach((share, t) => {
      expect(left[t]).toBeCloseTo(share / 4, 3);
    });
  }
});

test("n, m out of range, and a model without a whole block, are refused", () => {
  for (const wrong of [{ n: 4 }, { n: 0 }, { m: 1 }, { n: 1.5 }]) expect(() => nm(wrong)).toThrow("out of range");
  const g = builder("narrow");
  g.output(g.MatMul(g.input("x", "float32", [1, 3]), g.initializer("w", tied([3, 5]))), "y");
  expect(() => nm().bind(g.build())).toThrow(/whole block/);
});
