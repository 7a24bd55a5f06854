import { expect, test } from "vitest";
import { digits } from "../../data/digits.ts";
import { node } from "../../engine/node.ts";
import type { Model } from "../../graph/types.ts";
import { lenet5Small } from "../../models/lenet5.ts";
import { write } from "../../onnx/write.ts";
import { proxSgd } from "../../optim/prox-sgd.ts";
import { constant } from "../../optim/schedule.ts";
import { groupLasso } from "../../prox/group-lasso.ts";
import { cost } from "../../shrink/cost.ts";
import { shrink } from "../../shrink/shrink.ts";
import { memory } from "../../train/memory.ts";
import type { TrainOptions } from "../../train/options.ts";
import { checkCommunicator } from "../../train/ranks/check.ts";
import type { Communicator } from "../../train/ranks/communicator.ts";
import { train } from "../../train/train.ts";
import type { LatencyMeter } from "./meter.ts";
import { tableBy } from "./table.ts";
import { latencyTarget, targetBy } from "./target.ts";

const engine = node({ threads: 1 });
const data = digits({ train: 128, test: 32 });
const model = lenet5Small({ seed: 1, input: data.shape, classes: 10 });
let measured = 0;
/** A machine that takes as long as there are multiply–accumulates. */
const meter: LatencyMeter = {
  name: "by macs",
  batch: 1,
  async measure(whole, cuts) {
    measured += cuts.length;
    return { ms: cost(whole).macs / 1e6, shares: cuts.map((cut) => cost(cut).macs / cost(whole).macs) };
  },
};
const table = await tableBy(meter, model, {});
const share = async (full: Model) => {
  const { model: small } = await shrink(full, { engine });
  return cost(small).macs / cost(full).macs;
};
const options: TrainOptions = {
  engine,
  optimizer: proxSgd(),
  schedule: constant({ lr: 0.05 }),
  penalty: groupLasso({ lambda: 1e-3, weights: "latency" }),
  epochs: 4,
  batchSize: 64,
  target: targetBy(meter, { table, keep: 0.5 }),
};

async function trained(more: Partial<TrainOptions> = {}) {
  const run = train(model, data, { ...options, ...more });
  for await (const _ of run);
  return run;
}

test("one run comes to the time, its structure stands then, and a resume ends with the same bytes", async () => {
  const whole = await trained();
  const kept = await share(whole.model);
  expect(kept).toBeLessThanOrEqual(0.5);
  expect(kept).toBeGreaterThan(0.4);
  expect(whole.history.map((m) => m.strength !== undefined)).toEqual([true, false, false, false]);
  expect(whole.history[3].patternChanges).toBe(0);
  const store = memory();
  const abort = new AbortController();
  const onProgress: TrainOptions["onProgress"] = (p) => {
    if (p.epoch === 3 && p.step === 1) abort.abort();
  };
  expect((await trained({ store, signal: abort.signal, onProgress })).finished).toBe(false);
  measured = 0;
  const resumed = await trained({ store, resume: true, target: targetBy(meter, { table, keep: 0.5 }) });
  expect(measured).toBe(0); // the structure stands
  expect(write(resumed.model)).toEqual(write(whole.model));
});

test("what training made zero is what the table expects of it", () => {
  const { measure } = targetBy(meter, { table, keep: 0.5 });
  expect(measure(model)).toBe(1);
});

test("a time that cannot be had is refused before training, and so is another table at a resume", async () => {
  await expect(trained({ target: targetBy(meter, { table, keep: 0.2, least: 0.9 }) })).rejects.toThrow(
    /the model cannot be made so fast/,
  );
  const store = memory();
  await trained({ store, epochs: 1 });
  const other = { ...table, ms: table.ms * 2 };
  await expect(
    trained({ store, epochs: 1, resume: true, target: targetBy(meter, { table: other, keep: 0.5 }) }),
  ).rejects.toThrow(/target/);
});

test("a table of another runtime is refused", () => {
  expect(() => latencyTarget({ engine, table, keep: 0.5 })).toThrow(
    /the table of times was measured otherwise\n {2}got +by macs\n/,
  );
  expect(() => targetBy(meter, { table, keep: 0.5, until: 0 })).toThrow(/until is out of range/);
});

test("several ranks are refused, as each would measure times of its own", () => {
  const communicator = { rank: 0, size: 2 } as Communicator;
  const { target } = options;
  expect(() => checkCommunicator(communicator, { batchSize: 64, least: 1, accumulate: 1, target })).toThrow(
    /ranks would each measure times of their own/,
  );
});
