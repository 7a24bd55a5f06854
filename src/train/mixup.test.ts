/** Mixup in a run: what a step does of it, by the paper's equation; a run that is stopped and goes on. */
import { expect, test } from "vitest";
import { data, engine, model, options } from "../../test/support/small-run.ts";
import { MIXED } from "../data/augment/mixup.ts";
import { batches } from "../data/batches.ts";
import { fromArrays } from "../data/dataset.ts";
import { fromColumns } from "../data/from-columns.ts";
import { mlp } from "../models/mlp.ts";
import { write } from "../onnx/write.ts";
import { constant } from "../optim/schedule.ts";
import { sgd } from "../optim/sgd.ts";
import { meanSquaredError } from "../step/loss.ts";
import { memory } from "./memory.ts";
import type { TrainOptions } from "./options.ts";
import { train } from "./train.ts";

const x = Array.from({ length: 12 }, (_, i) => [Math.sin(i), Math.cos(2 * i), 0.1 * i]);
const y = x.map((_, i) => i % 3);
const augment = { mixup: 0.4 };
const oneStep: TrainOptions = {
  engine,
  optimizer: sgd({ momentum: 0 }),
  schedule: constant({ lr: 0.5 }),
  epochs: 1,
  batchSize: 10,
  seed: 3,
  augment,
};

test("a sample is λ of its own and 1 − λ of its partner's, and so is what it is trained to", async () => {
  const { train: split } = fromArrays(x, y, { test: { x, y } });
  for await (const { x: mixed, y: labels, more, position } of drawn(split, 0)) {
    const [partner, share] = [more![MIXED.partner], more![MIXED.share]];
    expect(new Set(share).size).toBe(1);
    const own = position.map((i) => split.x.subarray(3 * i, 3 * i + 3));
    for (const [i, a] of own.entries()) {
      const b = own.filter((_, j) => labels[j] === partner[i]);
      const fits = b.some((other) =>
        a.every((v, k) => Math.abs(share[0] * v + (1 - share[0]) * other[k] - mixed[3 * i + k]) < 1e-6),
      );
      expect(fits).toBe(true);
    }
  }
  const shares: number[] = [];
  for (let epoch = 0; epoch < 2000; epoch++)
    for await (const { more } of batches(split, { ...plan, epoch, augment: { mixup: 1 } }))
      shares.push(more![MIXED.share][0]);
  const mean = shares.reduce((a, b) => a + b) / shares.length;
  const variance = shares.reduce((sum, s) => sum + (s - mean) ** 2, 0) / shares.length;
  expect(mean).toBeCloseTo(0.5, 1); // Beta(1, 1) is uniform
  expect(variance).toBeCloseTo(1 / 12, 2);
});

const plan = { shape: [3], batchSize: 12, seed: 3, augment };
/** A batch with the samples that it is made of. */
async function* drawn(split: typeof data.train, epoch: number) {
  const order: number[][] = [];
  const numbered = { ...split, y: Int32Array.from({ length: split.count }, (_, i) => i) };
  for await (const batch of batches(numbered, { ...plan, epoch })) order.push([...batch.y]);
  for await (const batch of batches(split, { ...plan, epoch })) yield { ...batch, position: order.shift()! };
}

test("a step of softmax regression is that of the blended labels", async () => {
  const set = fromArrays(x, y, { test: { x, y } });
  const linear = mlp({ sizes: [3, 3], seed: 1 });
  const run = train(linear, set, { ...oneStep, batchSize: 12 });
  for await (const _ of run);
  const of = (from: typeof linear, name: RegExp) =>
    [...from.graph.initializers].find(([v]) => name.test(v.name))![1].data as Float32Array;
  const [w, b] = [of(linear, /weight/), of(linear, /bias/)];
  for await (const batch of batches(set.train, plan)) {
    const lambda = batch.more![MIXED.share][0];
    const gradient = new Float64Array(9);
    for (let i = 0; i < 12; i++) {
      const input = batch.x.subarray(3 * i, 3 * i + 3);
      const logits = [0, 1, 2].map((o) => b[o] + [0, 1, 2].reduce((s, k) => s + w[3 * o + k] * input[k], 0));
      const sum = logits.reduce((s, z) => s + Math.exp(z), 0);
      for (let o = 0; o < 3; o++) {
        const target = lambda * Number(batch.y[i] === o) + (1 - lambda) * Number(batch.more![MIXED.partner][i] === o);
        for (let k = 0; k < 3; k++) gradient[3 * o + k] += ((Math.exp(logits[o]) / sum - target) * input[k]) / 12;
      }
    }
    const now = of(run.model, /weight/);
    for (const [i, d] of gradient.entries()) expect(now[i]).toBeCloseTo(w[i] - 0.5 * d, 5);
  }
});

test("numbers to fit are blended with their samples", async () => {
  const targets = x.map(([a, b]) => [a + b]);
  const set = fromArrays(x, targets, { test: { x, y: targets } });
  for await (const { x: mixed, y } of batches(set.train, plan))
    for (let i = 0; i < 12; i++) expect(y[i]).toBeCloseTo(mixed[3 * i] + mixed[3 * i + 1], 5);
  const run = train(mlp({ sizes: [3, 1], seed: 1 }), set, { ...oneStep, loss: meanSquaredError() });
  for await (const _ of run);
  expect(run.finished).toBe(true);
});

test("a run that is stopped in an epoch goes on to the same bytes, also in parts of batches; without mixup it is another", async () => {
  const settings = (more: Partial<TrainOptions> = {}) => options({ epochs: 4, augment: { mixup: 0.2 }, ...more });
  const bytes = async (more: Partial<TrainOptions>) => {
    const run = train(model(), data, settings(more));
    for await (const _ of run);
    return Buffer.from(write(run.model)).toString("base64");
  };
  for (const more of [{}, { accumulate: 2 }]) {
    const whole = await bytes(more);
    const store = memory();
    const stop = new AbortController();
    let steps = 0;
    const counted: typeof data.batches = async function* (split, plan) {
      for await (const batch of batches(split, plan)) {
        if (++steps === 7) stop.abort();
        yield batch;
      }
    };
    const stopped = train(model(), { ...data, batches: counted }, settings({ ...more, store, signal: stop.signal }));
    for await (const _ of stopped);
    expect(stopped.finished).toBe(false);
    expect(await bytes({ ...more, store, resume: true })).toBe(whole);
    if (more.accumulate) continue;
    expect(await bytes({ augment: null })).not.toBe(whole);
  }
});

test("what cannot be blended is refused", () => {
  const refused =
    (set: typeof data, mixup = 0.2) =>
    () =>
      train(mlp({ sizes: [3, 3] }), set, { ...oneStep, augment: { mixup } });
  expect(refused(fromArrays(x, y), 0)).toThrow(/augment\.mixup[\s\S]*got +0/);
  const tokens = fromColumns({
    inputs: {
      x: [
        [1, 2, 3],
        [3, 2, 1],
        [1, 1, 1],
      ],
    },
    labels: { y: [0, 1, 2] },
  });
  expect(refused(tokens)).toThrow("tokens cannot be blended");
  const several = fromColumns({ inputs: { x, other: x }, labels: { y } });
  expect(() => batches(several.train, { ...plan, batchSize: 3 })).toThrow("further columns: other");
});
