/** How long a run is, in which order it sees its samples, when it is scored, what it writes of its steps. */
import { expect, test } from "vitest";
import { data, model, options } from "../../test/support/small-run.ts";
import { batches } from "../data/batches.ts";
import type { Dataset } from "../data/dataset.ts";
import { write } from "../onnx/write.ts";
import { rmda } from "../optim/rmda.ts";
import { constant, cosine, multiStep } from "../optim/schedule.ts";
import { sgd } from "../optim/sgd.ts";
import { memory } from "./memory.ts";
import type { TrainOptions } from "./options.ts";
import { STEPS } from "./step-log.ts";
import { train } from "./train.ts";

const dense = (more: Partial<TrainOptions> = {}): TrainOptions =>
  options({ optimizer: sgd(), schedule: constant({ lr: 0.05 }), penalty: undefined, epochs: 3, ...more });
async function trained(settings: TrainOptions, on: Dataset = data) {
  const run = train(model(), on, settings);
  for await (const _ of run);
  return run;
}
const N = data.train.count; // 300 in batches of 64: five steps an epoch

/** The data, and the first label of each batch as it comes. */
function watched() {
  const seen: number[] = [];
  const loader: Dataset["batches"] = async function* (split, plan) {
    for await (const batch of batches({ ...split, y: Int32Array.from({ length: N }, (_, i) => i) }, plan)) {
      seen.push(...batch.y);
      yield { ...batch, y: batch.y.map((i) => split.y[i]) };
    }
  };
  return { seen, on: { ...data, batches: loader } };
}

test("without shuffling every epoch has the order of the data", async () => {
  const { seen, on } = watched();
  await trained(dense({ shuffle: false, epochs: 2 }), on);
  const once = Array.from({ length: N }, (_, i) => i);
  expect(seen).toEqual([...once, ...once]);
});

test("a given order is that of all epochs, or each has its own", async () => {
  const back = Array.from({ length: N }, (_, i) => N - 1 - i);
  const same = watched();
  await trained(dense({ order: back, epochs: 2 }), same.on);
  expect(same.seen).toEqual([...back, ...back]);
  const own = watched();
  const each = [...back, ...back.map(() => 7)]; // one sample all over
  await trained(dense({ order: Uint32Array.from(each), epochs: 2 }), own.on);
  expect(own.seen).toEqual(each);
});

test("a number of steps ends the run within an epoch, scored, at the end of its schedule; a stop before goes on with the same bytes", async () => {
  const schedule = cosine({ lr: 0.05 });
  const settings = dense({ epochs: undefined, steps: 12, schedule });
  const run = await trained(settings);
  expect(run.finished).toBe(true);
  expect(run.history.map((m) => m.epoch)).toEqual([1, 2, 3]);
  expect(run.history[2].lr).toBeCloseTo(0.05 * 0.5 * (1 + Math.cos((Math.PI * 11) / 12)), 12);
  expect(run.history[2].testLoss).toBeLessThan(run.history[0].testLoss!);
  const store = memory();
  const stop = new AbortController();
  let steps = 0;
  await trained({ ...settings, store, signal: stop.signal, onProgress: () => ++steps === 11 && stop.abort() });
  const again = await trained({ ...settings, store, resume: true });
  expect(write(again.model)).toEqual(write(run.model));
  await expect(trained({ ...settings, steps: 13, store, resume: true })).rejects.toThrow("different settings: steps");
});

test("ten steps of five an epoch are two epochs, to the byte", async () => {
  const [steps, epochs] = [{ steps: 10, epochs: undefined }, { epochs: 2 }];
  const staged = { optimizer: rmda({ c: 0.1 }), schedule: multiStep({ lr: 0.1, milestones: [1] }) };
  const [a, b] = [await trained(dense({ ...staged, ...steps })), await trained(dense({ ...staged, ...epochs }))];
  expect(write(a.model)).toEqual(write(b.model));
});

test("scored every two epochs and at the end; the weights are those of a run that is scored always", async () => {
  const run = await trained(dense({ evalEvery: 2, epochs: 5 }));
  expect(run.history.map((m) => m.testLoss !== null)).toEqual([false, true, false, true, true]);
  expect(run.history[0].testAccuracy).toBeNull();
  const always = await trained(dense({ epochs: 5 }));
  expect(run.history[4]).toMatchObject({ testLoss: always.history[4].testLoss });
  expect(write(run.model)).toEqual(write(always.model));
});

test("every step has its line, whatever is stopped and resumed", async () => {
  const settings = dense({ logSteps: true, epochs: 2 });
  const whole = memory();
  const run = await trained({ ...settings, store: whole });
  const text = async (of: typeof whole) => new TextDecoder().decode(await of.read(STEPS));
  const lines = (await text(whole))
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  expect(lines.map(({ epoch, step }) => `${epoch}.${step}`)).toEqual(
    "1.1 1.2 1.3 1.4 1.5 2.1 2.2 2.3 2.4 2.5".split(" "),
  );
  const weighted = (of: { loss: number }[]) => of.reduce((sum, { loss }, i) => sum + loss * (i < 4 ? 64 : 44), 0) / N;
  expect(weighted(lines.slice(0, 5))).toBeCloseTo(run.history[0].loss, 10);
  expect(lines[0].lr).toBe(0.05);
  const store = memory();
  const stop = new AbortController();
  let steps = 0;
  await trained({ ...settings, store, signal: stop.signal, onProgress: () => ++steps === 7 && stop.abort() });
  await store.append(STEPS, '{"epoch":2,"step":3,"loss":1,"lr":1}\n{"epo'); // written before a checkpoint that never came
  await trained({ ...settings, store, resume: true });
  expect(await text(store)).toBe(await text(whole));
});

test("a constant c stays, and the zeros are those of the sparse point", async () => {
  const run = await trained(
    options({ optimizer: rmda({ c: 0.3, momentumSchedule: "constant" }), schedule: constant({ lr: 0.1 }), epochs: 4 }),
  );
  expect(run.history.map((m) => m.c)).toEqual([0.3, 0.3, 0.3, 0.3]);
  expect(run.history[3].dual!.groupSparsity).toBeGreaterThan(run.history[3].groupSparsity);
  expect(run.notes.join("\n")).toContain("c stays 0.3");
});

test.each<[string, Partial<TrainOptions>, string]>([
  ["both lengths", { steps: 3 }, "steps and epochs both say how long the run is"],
  ["neither", { epochs: undefined }, "epochs is out of range"],
  ["no steps", { epochs: undefined, steps: 0 }, "steps is out of range"],
  ["two orders", { shuffle: false, order: Array(N).fill(0) }, "order and shuffle"],
  ["a short order", { order: [1, 2, 3] }, "got     3 indices\n  wanted  300 for all epochs, or 900 for 3 of them"],
  ["no index", { order: Array(N).fill(N) }, "got     300 at place 1"],
  ["half an index", { order: Array(N).fill(0.5) }, "0.5 at place 1"],
  ["never scored", { evalEvery: 0 }, "evalEvery is out of range"],
  ["a log without a place", { logSteps: true }, "nowhere to write it"],
])("%s: refused", (_, more, message) => {
  expect(() => train(model(), data, dense(more))).toThrow(message);
});
