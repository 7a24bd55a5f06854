/** Channels that left a run too early come back. */
import { expect, test } from "vitest";
import { together } from "../../test/support/joint-runs.ts";
import { digits } from "../data/digits.ts";
import { node } from "../engine/node.ts";
import type { Model, Tensor } from "../graph/types.ts";
import { mlp } from "../models/mlp.ts";
import { write } from "../onnx/write.ts";
import { hspg } from "../optim/hspg.ts";
import { proxSgd } from "../optim/prox-sgd.ts";
import { rmda } from "../optim/rmda.ts";
import { constant, type Schedule } from "../optim/schedule.ts";
import { groupLasso } from "../prox/group-lasso.ts";
import { withTensors } from "../step/parameters.ts";
import { memory } from "./memory.ts";
import type { TrainOptions } from "./options.ts";
import type { Run } from "./run.ts";
import { train } from "./train.ts";

const images = digits({ train: 200, test: 50, seed: 3 });
const HIDDEN = 32;
const DEAD = 16;

/**
 * A network in which nothing reads half of the first layer's channels, and rightly so for now: behind them next to nothing reaches the
 * outputs, and hence no gradient comes back. Once the last layer has grown there is one, far above what the penalty holds.
 */
function asleep(): Model {
  const model = mlp({ sizes: [784, HIDDEN, 24, 10], seed: 1, input: [1, 28, 28] });
  const changed = new Map<string, Tensor>();
  for (const [{ name }, t] of model.graph.initializers) {
    const data = t.data as Float32Array;
    if (name === "fc2.weight") changed.set(name, { ...t, data: data.map((x, i) => (i % HIDDEN < DEAD ? 0 : x)) });
    if (name === "fc3.weight") changed.set(name, { ...t, data: data.map((x) => x * 1e-3) });
  }
  return { ...model, graph: withTensors(model.graph, changed) };
}

/** A learning rate that is next to nothing for two epochs. */
function rising(before: number, lr: number): Schedule {
  return { ...constant({ lr }), lr: ({ epoch }) => (epoch < 2 ? before : lr) };
}

const usual = {
  engine: node({ threads: 1 }),
  optimizer: proxSgd(),
  schedule: rising(1e-6, 0.5),
  penalty: groupLasso({ lambda: 3e-4 }),
  lambdaWarmup: 0,
  epochs: 10,
  batchSize: 32,
};

async function trained(more: Partial<TrainOptions> = {}) {
  const run = train(asleep(), images, { ...usual, ...more });
  for await (const _ of run);
  return run;
}

/** Which channels of the first layer the second reads. */
const read = ({ graph }: Model): number[] => {
  const [, { data }] = [...graph.initializers].find(([{ name }]) => name === "fc2.weight")!;
  return [...Array(HIDDEN).keys()].filter((c) => data.some((x, i) => i % HIDDEN === c && x !== 0));
};

const left = ({ history }: Run) => history.map((m) => m.stepParams!.after);
const often = { shrinkEvery: 2, shrinkAfter: 1 };

test.each<[string, Partial<TrainOptions>]>([
  ["proxSgd", {}],
  ["rmda, whose sums of gradients lack those of the time between", { optimizer: rmda({ c: 1 }) }],
])("what zero holds no longer comes back, and is trained on: %s", async (_, method) => {
  const [whole, cut] = [await trained(method), await trained({ ...method, ...often })];
  const [all, first, , back] = [26162, ...left(cut).slice(1)];
  expect(first).toBeLessThan(0.6 * all);
  expect(back).toBeGreaterThan(0.7 * all);
  expect(cut.history.findIndex((m) => m.stepBack)).toBe(3); // the first time after the gradient is there
  expect(read(asleep())).toHaveLength(HIDDEN - DEAD);
  expect(read(whole.model).length).toBeGreaterThan(HIDDEN - DEAD / 4);
  expect(read(cut.model).length).toBeGreaterThan(HIDDEN - DEAD); // dual averaging has a long memory of gradients, not of these
  expect(cut.history.at(-1)!.testAccuracy).toBeCloseTo(whole.history.at(-1)!.testAccuracy!, 1);
});

test("stopped at any time on the way there and back, it ends with the same bytes", async () => {
  const whole = await trained(often);
  const store = memory();
  let cut = whole;
  for (let steps = 0; !cut.finished || steps === 0; ) {
    const stop = new AbortController();
    const last = steps + 10;
    const onProgress = () => ++steps === last && stop.abort();
    cut = await trained({ ...often, store, resume: true, signal: stop.signal, onProgress });
  }
  expect(cut.history.map((m) => m.stepBack)).toEqual(whole.history.map((m) => m.stepBack));
  expect(write(cut.model)).toEqual(write(whole.model));
});

test("where zeros stay whatever their gradient, nothing is asked and nothing comes back", async () => {
  const run = await trained({ ...often, optimizer: hspg({ switchEpoch: 0 }) });
  expect(left(run)[1]).toBeLessThan(14_000);
  expect(left(run)).toEqual([...left(run)].sort((a, b) => b - a));
});

test.each([proxSgd(), rmda({ c: 1 })])(
  "two ranks bring back together what one process does: $name",
  async (optimizer) => {
    const alone = await trained({ ...often, optimizer });
    const ranks = await together(2, (communicator) =>
      train(asleep(), images, { ...usual, ...often, optimizer, communicator }),
    );
    const back = ({ history }: Run) => history.map((m) => m.stepBack);
    expect(back(alone)[3]).toBeGreaterThan(0);
    for (const run of ranks) expect(back(run).slice(0, 4)).toEqual(back(alone).slice(0, 4)); // sums in another order drift apart
    expect(write(ranks[1].model)).toEqual(write(ranks[0].model));
  },
);
