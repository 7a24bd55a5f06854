/** A teacher in the training step: what it says, that it stays as it is, and what does not fit. */
import { expect, test } from "vitest";
import { residualBlock } from "../../test/support/residual-block.ts";
import { digits } from "../data/digits.ts";
import { runOnce } from "../engine/engine.ts";
import { node } from "../engine/node.ts";
import { f32, numbers } from "../graph/tensor.ts";
import type { Model } from "../graph/types.ts";
import { mlp } from "../models/mlp.ts";
import { write } from "../onnx/write.ts";
import { constant } from "../optim/schedule.ts";
import { sgd } from "../optim/sgd.ts";
import { modelLoss } from "../step/loss.ts";
import { memory } from "./memory.ts";
import type { TrainOptions } from "./options.ts";
import { train } from "./train.ts";

const engine = node({ threads: 1 });
const data = digits({ train: 60, test: 20, seed: 3 });
const student = () => mlp({ sizes: [784, 8, 10], seed: 1, input: [1, 28, 28] });
const options = (more: Partial<TrainOptions> = {}): TrainOptions => ({
  engine,
  optimizer: sgd({ momentum: 0 }),
  schedule: constant({ lr: 0.05 }),
  epochs: 1,
  batchSize: 60,
  ...more,
});
async function trained(model: Model, more: Partial<TrainOptions> = {}) {
  const run = train(model, data, options(more));
  for await (const _ of run);
  return run;
}
const weights = (m: Model) => [...m.graph.initializers].map(([, t]) => numbers(t));

/** With running statistics that are not those of a batch. */
const teacher = async () =>
  (await trained(residualBlock({ seed: 2, side: 28, classes: 10 }), { batchSize: 20, epochs: 2 })).model;

const softmax = (row: number[]): number[] => {
  const most = Math.max(...row);
  const all = row.map((v) => Math.exp(v - most));
  const sum = all.reduce((a, b) => a + b);
  return all.map((v) => v / sum);
};

/** What a file says of the training samples. */
async function logitsOf(model: Model, { mean, std } = data): Promise<number[][]> {
  const x = Float32Array.from(data.train.x, (v) => (v / 255 - mean![0]) / std![0]);
  const session = await engine.load(write(model));
  const out = await runOnce(session, engine, { [model.graph.inputs[0].name]: f32(x, [60, 1, 28, 28]) });
  const all = [...(Object.values(out)[0].data as Float32Array)];
  return Array.from({ length: 60 }, (_, i) => all.slice(i * 10, i * 10 + 10));
}

/** The largest difference of two models' weights. */
const apart = (a: Model, b: Model): number => {
  const others = weights(b);
  return Math.max(...weights(a).flatMap((now, i) => Array.from(now, (v, j) => Math.abs(v - others[i][j]))));
};

test("the loss is the divergence from the teacher in evaluation mode, and the labels' share of it", async () => {
  const model = await teacher();
  const bytes = write(model);
  const [t, s] = [await logitsOf(model), await logitsOf(student())];
  const soft = (T: number) => {
    const each = t.map((row, i) => {
      const [p, q] = [row, s[i]].map((r) => softmax(r.map((v) => v / T)));
      return p.reduce((sum, v, k) => sum + v * Math.log(v / q[k]), 0);
    });
    return (T * T * each.reduce((a, b) => a + b)) / 60;
  };
  const hard = s.reduce((sum, row, i) => sum - Math.log(softmax(row)[data.train.y[i]]), 0) / 60;
  const alone = await trained(student(), { distill: { teacher: model, temperature: 2, share: 1 } });
  expect(alone.history[0].loss).toBeCloseTo(soft(2), 4);
  const both = await trained(student(), { distill: { teacher: model } });
  expect(both.history[0].loss).toBeCloseTo(0.1 * hard + 0.9 * soft(4), 4);
  expect(both.history[0].testLoss).not.toBe(alone.history[0].testLoss);
  expect(write(model)).toEqual(bytes);
  expect(both.notes.join()).toContain("90 % what the teacher residual block says (temperature 4) and 10 % the labels");
});

test("a student that is its teacher stays where it is", async () => {
  const run = await trained(student(), { distill: { teacher: student(), share: 1 } });
  expect(run.history[0].loss).toBeCloseTo(0, 6);
  expect(apart(run.model, student())).toBeLessThan(1e-6);
});

test("a teacher normalizes as its own file records it, and as the student where it records nothing", async () => {
  const own = { mean: [0.4], std: [0.6] };
  const recorded = (await trained(student(), { normalization: own, schedule: constant({ lr: 1e-9 }) })).model;
  const first = async (of: Model, more: Partial<TrainOptions> = {}) =>
    (await trained(residualBlock({ seed: 4, side: 28, classes: 10 }), { distill: { teacher: of, share: 1 }, ...more }))
      .history[0].loss;
  const silent: Model = { ...recorded, metadata: new Map() };
  expect(await first(recorded)).not.toBe(await first(silent));
  expect(await first(recorded, { normalization: own })).toBe(await first(silent, { normalization: own }));
});

test("parts of a batch, and a stop with a resume, end alike; another teacher is another run", async () => {
  const model = await teacher();
  const distill = { teacher: model, share: 0.5 };
  const whole = await trained(student(), { distill, batchSize: 25, epochs: 2 });
  const parts = await trained(student(), { distill, batchSize: 25, epochs: 2, accumulate: 3 });
  expect(apart(parts.model, whole.model)).toBeLessThan(1e-5);
  const store = memory();
  const stop = new AbortController();
  let steps = 0;
  await trained(student(), {
    distill,
    batchSize: 25,
    epochs: 2,
    store,
    signal: stop.signal,
    onProgress: () => ++steps === 4 && stop.abort(),
  });
  const again = { batchSize: 25, epochs: 2, store, resume: true };
  await expect(trained(student(), { ...again, distill: { ...distill, teacher: student() } })).rejects.toThrow(
    "different settings: distill",
  );
  await expect(trained(student(), again)).rejects.toThrow("different settings: distill");
  expect(write((await trained(student(), { ...again, distill })).model)).toEqual(write(whole.model));
});

test("answers that are kept give what answers in every step give, in parts and over a resume too", async () => {
  const model = await teacher();
  const settings = { batchSize: 25, epochs: 2, accumulate: 2 };
  const each = await trained(student(), { ...settings, distill: { teacher: model } });
  const distill = { teacher: model, cache: true };
  const once = await trained(student(), { ...settings, distill });
  expect(apart(each.model, once.model)).toBeLessThan(1e-6);
  expect(once.history[0].loss).toBeCloseTo(each.history[0].loss, 5);
  expect(once.history[1].testLoss).toBeCloseTo(each.history[1].testLoss!, 5);
  const store = memory();
  const stop = new AbortController();
  let steps = 0;
  const onProgress = () => ++steps === 4 && stop.abort();
  await trained(student(), { ...settings, distill, store, signal: stop.signal, onProgress });
  const rest = await trained(student(), { ...settings, distill, store, resume: true });
  expect(write(rest.model)).toEqual(write(once.model));
});

const wide = mlp({ sizes: [784, 8, 12], input: [1, 28, 28] });
const large = mlp({ sizes: [1024, 8, 10], input: [1, 32, 32] });
test.each<[string, Partial<TrainOptions>, string]>([
  ["other classes", { distill: { teacher: wide } }, "the teacher: its output is not of the shape of the student's"],
  ["another input size", { distill: { teacher: large } }, "the teacher: the data does not fit the model's input"],
  [
    "no such output",
    { distill: { teacher: student(), output: "logitz" } },
    "the teacher: the model has no output logitz",
  ],
  ["no heat", { distill: { teacher: student(), temperature: 0 } }, "temperature of the distillation is out of range"],
  ["no share", { distill: { teacher: student(), share: 0 } }, "share of the distillation is out of range"],
  ["more than all", { distill: { teacher: student(), share: 1.5 } }, "share of the distillation is out of range"],
  ["no teacher", { distill: {} as never }, "distill wants a model"],
  ["bytes", { distill: { teacher: write(student()) as never } }, "distill wants a model"],
  ["kept answers of what varies", { distill: { teacher: student(), cache: true }, augment: { crop: 2 } }, "varied"],
  ["a model's own loss", { distill: { teacher: student() }, loss: modelLoss() }, "ends in its own loss"],
])("%s: refused before anything starts", (_, more, message) => {
  expect(() => train(student(), data, options(more))).toThrow(message);
});
