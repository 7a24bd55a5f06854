import { expect, test } from "vitest";
import { digits } from "../data/digits.ts";
import { node } from "../engine/node.ts";
import { lenet5Small } from "../models/lenet5.ts";
import { mlp } from "../models/mlp.ts";
import { write } from "../onnx/write.ts";
import type { Optimizer } from "../optim/optimizer.ts";
import { proxGen } from "../optim/prox-gen.ts";
import { proxSgd } from "../optim/prox-sgd.ts";
import { rda } from "../optim/rda.ts";
import { rmda } from "../optim/rmda.ts";
import { constant, cosine, multiStep } from "../optim/schedule.ts";
import { sgd } from "../optim/sgd.ts";
import { groupLasso } from "../prox/group-lasso.ts";
import { nm } from "../prox/nm.ts";
import { nuclear } from "../prox/nuclear.ts";
import type { Penalty } from "../prox/penalty.ts";
import { wgsef } from "../prox/wgsef.ts";
import { cost } from "../shrink/cost.ts";
import { shrink } from "../shrink/shrink.ts";
import { memory } from "../train/memory.ts";
import type { TrainOptions } from "../train/options.ts";
import { train } from "../train/train.ts";
import { finish } from "./finish.ts";
import { structureTarget } from "./target-structure.ts";

const engine = node({ threads: 1 });
const data = digits({ train: 256, test: 64 });
const model = lenet5Small({ seed: 1, input: data.shape, classes: 10 });
const options: TrainOptions = {
  engine,
  optimizer: proxSgd(),
  schedule: constant({ lr: 0.05 }),
  penalty: groupLasso({ lambda: 1e-3 }),
  epochs: 5,
  batchSize: 64,
  target: structureTarget({ keep: 0.4 }),
};

async function trained(more: Partial<TrainOptions> = {}) {
  const run = train(model, data, { ...options, ...more });
  for await (const _ of run);
  return run;
}

const share = async (full: typeof model, of: "params" | "macs") => {
  const { model: small } = await shrink(full, { engine });
  return cost(small)[of] / cost(full)[of];
};

test.each<["params" | "macs", Optimizer, Penalty]>([
  ["params", proxSgd(), groupLasso({ lambda: 1e-3 })],
  ["macs", proxSgd(), groupLasso({ lambda: 1e-3 })],
  ["params", proxSgd(), groupLasso({ lambda: 0.1 })], // far too much: what was too much comes back
  ["params", rmda(), groupLasso({ lambda: 1e-2 })],
  ["params", proxGen(), groupLasso({ lambda: 1e-3 })],
  ["params", proxSgd(), wgsef({ lambda: 1e-3, k: 4 })],
])(
  "one run comes to a share of the %s, exactly within one channel, and then only trains (%#)",
  async (of, optimizer, penalty) => {
    const run = await trained({ optimizer, penalty, target: structureTarget({ keep: 0.4, of }) });
    const kept = await share(run.model, of);
    expect(kept).toBeLessThanOrEqual(0.4);
    expect(kept).toBeGreaterThan(of === "macs" ? 0.25 : 0.33); // channels of conv1 have a sixth of the multiply–adds behind them
    expect(run.history.map((m) => m.strength !== undefined)).toEqual([true, true, false, false, false]);
    expect(run.history.slice(2).map((m) => m.kept)).toEqual([kept, kept, kept]);
    expect(run.history.slice(3).map((m) => m.patternChanges)).toEqual([0, 0]);
    expect(run.history[4].loss).not.toBe(run.history[3].loss);
  },
);

test("the share is the bytes of the file, and the whole run may be steered", async () => {
  const run = await trained({ target: structureTarget({ keep: 0.5, of: "bytes", until: 1 }) });
  const { model: small } = await shrink(run.model, { engine });
  const kept = write(small).length / write(model).length;
  expect(kept).toBeLessThanOrEqual(0.5);
  expect(kept).toBeGreaterThan(0.42);
  expect(run.history.at(-1)!.kept).toBeCloseTo(kept, 2); // the trained file records its normalization
});

test("lambda rises while too much is kept, and falls where it is too little", () => {
  const { strength, cutAfter } = structureTarget({ keep: 0.25 });
  expect(cutAfter(10, false)).toBe(6);
  expect(cutAfter(10, true)).toBe(2);
  expect(cutAfter(1, true)).toBe(1);
  expect(strength(1, 0.5, 5, 10)).toBeCloseTo(1); // as scheduled: √0.25
  expect(strength(1, 1, 5, 10)).toBeCloseTo(2);
  expect(strength(1, 0.4, 5, 10)).toBeCloseTo(0.8);
  expect(strength(1, 1e-9, 5, 10)).toBeCloseTo(0.5);
  expect(strength(20, 1, 10, 10)).toBe(30);
});

test("a schedule without milestones runs up to the cut, and once more behind it", async () => {
  const of = async (schedule: TrainOptions["schedule"]) => {
    const run = await trained({ schedule, epochs: 4, target: structureTarget({ keep: 0.4, until: 0.5 }) });
    return run.history.map((m) => m.lr);
  };
  const [first, second, third, fourth] = await of(cosine({ lr: 0.05 }));
  expect([third, fourth]).toEqual([first, second]);
  expect(second).toBeLessThan(0.01); // of one cosine over four epochs about half would be left
  expect(await of(multiStep({ lr: 0.1, milestones: [3] }))).toEqual([0.1, 0.1, 0.1, expect.closeTo(0.01)]);
});

test.each([2, 4])("a run that is stopped in epoch %d and resumed ends with the same bytes", async (stop) => {
  const at = { optimizer: rmda(), schedule: multiStep({ lr: 0.1, milestones: [2] }) };
  const whole = await trained(at);
  const store = memory();
  const abort = new AbortController();
  const onProgress: TrainOptions["onProgress"] = (p) => {
    if (p.epoch === stop && p.step === 2) abort.abort();
  };
  const first = await trained({ ...at, store, signal: abort.signal, onProgress });
  expect(first.finished).toBe(false);
  const resumed = await trained({ ...at, store, resume: true });
  expect(write(resumed.model)).toEqual(write(whole.model));
  const without = (m: object) => ({ ...m, seconds: 0, msPerStep: 0, statisticsSeconds: 0 });
  expect(resumed.history.map(without)).toEqual(whole.history.map(without));
});

test("what was cut does not come back by a truncation of ranks, which is refused", async () => {
  const run = await trained({ epochs: 1 });
  await expect(finish(run, { rank: { rule: "local", keep: 0.5 }, fineTune: 1 })).rejects.toThrow(
    /came to a target is not truncated/,
  );
});

test("a run without a target is as it was: nothing of it is kept or told", async () => {
  const run = await trained({ target: undefined, epochs: 1 });
  expect(run.history[0]).not.toHaveProperty("kept");
});

test("a target that cannot be reached is refused before training, which says how far it came", async () => {
  await expect(trained({ target: structureTarget({ keep: 0.1, least: 0.5 }) })).rejects.toThrow(
    /so little of the model cannot be kept\n {2}of +params\n {2}got +0\.\d+\n/,
  );
  const flat = train(mlp({ sizes: [784, 10], input: [1, 28, 28] }), data, {
    ...options,
    penalty: groupLasso({ lambda: 1e-3, groups: "inputChannel" }),
  });
  await expect(flat[Symbol.asyncIterator]().next()).rejects.toThrow("no channel of the model can be removed");
});

test.each<[string, Partial<TrainOptions>, RegExp]>([
  [
    "no penalty",
    { penalty: undefined, optimizer: sgd() },
    /wants a penalty whose lambda makes groups zero\n {2}got +no penalty/,
  ],
  ["a penalty without lambda", { penalty: nm({ n: 2, m: 4 }) }, /whose lambda makes groups zero\n {2}got +nm/],
  ["a penalty on ranks", { penalty: nuclear({ lambda: 1e-3 }) }, /whose lambda makes groups zero\n {2}got +nuclear/],
  ["a lambda of 0", { penalty: groupLasso({ lambda: 0 }) }, /a lambda of 0 leads to no target/],
  ["rda", { optimizer: rda() }, /rda begins at 0/],
  ["something else", { target: 0.3 as never }, /train wants what steers a run/],
])("%s is refused when the run is described", (_, more, said) => {
  expect(() => train(model, data, { ...options, ...more })).toThrow(said);
});

test.each<[string, object, RegExp]>([
  ["keep 0", { keep: 0 }, /share to keep is out of range\n {2}got +0/],
  ["keep 1", { keep: 1 }, /share to keep is out of range/],
  ["until 0", { keep: 0.5, until: 0 }, /until is out of range/],
  ["another measure", { keep: 0.5, of: "time" }, /no such measure/],
  ["least 3", { keep: 0.5, least: 3 }, /least is out of range/],
])("%s is refused", (_, given, said) => {
  expect(() => structureTarget(given as never)).toThrow(said);
});
