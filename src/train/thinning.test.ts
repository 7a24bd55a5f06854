/** Shrinking while training: the same run, with less and less to compute. */
import { expect, test } from "vitest";
import { residualBlock } from "../../test/support/residual-block.ts";
import { digits } from "../data/digits.ts";
import { node } from "../engine/node.ts";
import type { Model } from "../graph/types.ts";
import { torchDefault } from "../models/init.ts";
import { mlp } from "../models/mlp.ts";
import { network } from "../models/network.ts";
import { write } from "../onnx/write.ts";
import { hspg } from "../optim/hspg.ts";
import { proxSgd } from "../optim/prox-sgd.ts";
import { proxSsi } from "../optim/prox-ssi.ts";
import { ramda } from "../optim/ramda.ts";
import { rmda } from "../optim/rmda.ts";
import { constant, multiStep } from "../optim/schedule.ts";
import { sgd } from "../optim/sgd.ts";
import { structureTarget } from "../pipeline/target-structure.ts";
import { groupLasso } from "../prox/group-lasso.ts";
import { l1 } from "../prox/l1.ts";
import { nuclear } from "../prox/nuclear.ts";
import { wgsef } from "../prox/wgsef.ts";
import { cost } from "../shrink/cost.ts";
import { shrink } from "../shrink/shrink.ts";
import { memory } from "./memory.ts";
import type { TrainOptions } from "./options.ts";
import { train } from "./train.ts";

const engine = () => node({ threads: 1 });
const images = digits({ train: 200, test: 50, seed: 3 });
const dense = () => mlp({ sizes: [784, 32, 24, 10], seed: 1, input: [1, 28, 28] });
const normalized = () => residualBlock({ seed: 2, side: 28, classes: 10 });
const always = { shrinkEvery: 2, shrinkAfter: 1 };
const usual = { optimizer: proxSgd(), schedule: constant({ lr: 0.1 }), penalty: groupLasso({ lambda: 0.05 }) };

async function trained(model: Model, more: Partial<TrainOptions> = {}) {
  const run = train(model, images, {
    ...usual,
    engine: engine(),
    epochs: 8,
    batchSize: 64,
    lambdaWarmup: 1,
    shrinkEvery: false,
    ...more,
  });
  for await (const _ of run);
  return run;
}

type Ended = Awaited<ReturnType<typeof trained>>;
const left = ({ history }: Ended) => history.map((m) => m.stepParams!.after);

/** That a run and one that shrank on its way have the same weights, zeros and figures. */
function expectSame(whole: Ended, cut: Ended, within = 1e-5): void {
  const after = left(cut);
  expect(after.at(-1)).toBeLessThan(cut.history[0].stepParams!.before);
  expect(after).toEqual([...after].sort((a, b) => b - a)); // nothing comes back
  expect(whole.history.at(-1)!.groupSparsity).toBeLessThan(1);
  const wanted = new Map([...whole.model.graph.initializers].map(([v, t]) => [v.name, t]));
  for (const [{ name }, { shape, data }] of cut.model.graph.initializers) {
    const t = wanted.get(name)!;
    expect(shape).toEqual(t.shape);
    if (name.includes("running")) continue; // of channels that nothing reads they are others
    for (const [i, x] of data.entries()) {
      expect(Math.abs(Number(x) - Number(t.data[i])), name).toBeLessThan(within);
      expect(x === 0, name).toBe(t.data[i] === 0);
    }
  }
  for (const [i, m] of whole.history.entries()) {
    const { testLoss, groupSparsity, weightedGroupSparsity, inputChannel, patternChanges } = cut.history[i];
    expect({ groupSparsity, weightedGroupSparsity, inputChannel, patternChanges }).toEqual({
      groupSparsity: m.groupSparsity,
      weightedGroupSparsity: m.weightedGroupSparsity,
      inputChannel: m.inputChannel,
      patternChanges: m.patternChanges,
    });
    expect(testLoss).toBeCloseTo(m.testLoss!, 3);
  }
}

const methods: Record<string, Partial<TrainOptions>> = {
  "rmda, after its last restart": {
    optimizer: rmda({ c: 0.1 }),
    schedule: multiStep({ lr: 0.2, milestones: [2] }),
    penalty: groupLasso({ lambda: 0.27 }),
  },
  "proxSgd with momentum": {},
  "proxSsi, by Adam's metric": {
    optimizer: proxSsi(),
    schedule: constant({ lr: 0.001 }),
    penalty: groupLasso({ lambda: 0.004 }),
  },
  "hspg, both stages": { optimizer: hspg({ switchEpoch: 4, momentum: 0.5 }) },
  "hspg to a number of groups": {
    optimizer: hspg({ switchEpoch: 2 }),
    penalty: wgsef({ lambda: 2, keep: 0.4 }),
  },
  "papers' groups": { penalty: groupLasso({ lambda: 0.06, groups: "inputChannel", weights: "size" }), epochs: 5 },
};

test.each(Object.entries(methods))("%s: it ends where it would have without", async (_, method) => {
  const [whole, cut] = [await trained(dense(), method), await trained(dense(), { ...method, ...always })];
  expectSame(whole, cut);
  const [a, b] = [await shrink(whole.model, { engine: engine() }), await shrink(cut.model, { engine: engine() })];
  expect(cost(b.model)).toEqual(cost(a.model));
  expect(left(cut).at(-2)).toBeGreaterThanOrEqual(cost(b.model).params);
});

const dropping = () =>
  network({ name: "dropping", input: [1, 28, 28], seed: 1, init: torchDefault }, (n, x) => {
    const hidden = n.relu(n.linear("fc1", n.flatten(x), 32));
    const kept = n.dropout(n.relu(n.linear("fc2", n.dropout(hidden, 0.2), 24)), 0.1);
    return n.linear("fc3", kept, 10);
  });

test("dropout draws for what is left what it would have drawn", async () => {
  expectSame(await trained(dropping()), await trained(dropping(), always));
});

test("batch norm, its precise statistics, parts of batches, a teacher and what is frozen go on as well", async () => {
  const more: Partial<TrainOptions> = {
    penalty: groupLasso({ lambda: 0.05 }),
    epochs: 7,
    accumulate: 2,
    preciseStatistics: 2,
    freeze: ["dense.bias"],
    distill: { teacher: dense(), share: 0.3 },
  };
  expectSame(await trained(normalized(), more), await trained(normalized(), { ...more, ...always }), 1e-4);
});

test("with a target it shrinks as soon as the structure stands, and by all that it cuts", async () => {
  const more = { target: structureTarget({ keep: 0.3 }), penalty: groupLasso({ lambda: 1e-3 }) };
  const [whole, cut] = [await trained(dense(), more), await trained(dense(), { ...more, shrinkEvery: 5 })];
  expectSame(whole, cut);
  const stands = cut.history.findIndex((m) => m.strength === undefined);
  expect(left(cut)[stands]).toBe(cost((await shrink(cut.model, { engine: engine() })).model).params);
});

test("stopped before and after channels left, and moved to another engine, it ends with the same bytes", async () => {
  const more: Partial<TrainOptions> = { ...methods["rmda, after its last restart"], shrinkEvery: 2, shrinkAfter: 2 };
  const whole = await trained(dense(), more);
  expect(new Set(left(whole)).size).toBeGreaterThan(1);
  const store = memory();
  let cut = whole;
  for (let steps = 0; !cut.finished || steps === 0; ) {
    const stop = new AbortController();
    const last = steps + 5;
    const onProgress = () => ++steps === last && stop.abort();
    cut = train(dense(), images, {
      ...usual,
      ...more,
      engine: engine(),
      epochs: 8,
      batchSize: 64,
      lambdaWarmup: 1,
      store,
      resume: true,
      signal: stop.signal,
      onProgress,
    });
    for await (const { epoch } of cut) if (epoch === 7) await cut.moveTo(engine());
  }
  expect(left(cut)).toEqual(left(whole));
  expect(write(cut.model)).toEqual(write(whole.model));
});

test("a network that dies altogether keeps a channel of each layer to compute with", async () => {
  const run = await trained(dense(), { ...always, penalty: groupLasso({ lambda: 0.5 }) });
  expect(run.history.at(-1)!.groupSparsity).toBe(1);
  expect(left(run).at(-1)).toBe(784 + 1 + 1 + 1 + 10 + 10);
});

test.each<[string, Partial<TrainOptions>, number | undefined]>([
  ["rmda", { optimizer: rmda() }, 5],
  ["proxSgd with l1", { penalty: l1({ lambda: 0.01 }) }, 5],
  ["hspg", { optimizer: hspg() }, 5],
  ["any optimizer with a target", { optimizer: ramda(), target: structureTarget({ keep: 0.3 }) }, 5],
  ["what was said", { shrinkEvery: 2 }, 2],
  ["off", { shrinkEvery: false }, undefined],
  ["an adaptive step, which was not compared", { optimizer: proxSsi() }, undefined],
  ["a penalty that ranks groups", { penalty: wgsef({ lambda: 1, keep: 0.5 }) }, undefined],
  ["what makes the wrong side zero", { penalty: groupLasso({ lambda: 0.1, groups: "outputChannel" }) }, undefined],
  ["no penalty", { optimizer: sgd(), penalty: undefined }, undefined],
])("where nobody says it shrinks where that was proved: %s", (_, more, every) => {
  const run = train(dense(), images, { ...usual, engine: engine(), epochs: 9, ...more });
  expect(run.options.shrinkEvery).toBe(every);
});

test.each<[string, Partial<TrainOptions>, RegExp]>([
  ["nothing that makes groups zero", { optimizer: sgd(), penalty: undefined, shrinkEvery: 2 }, /sgd without a penalty/],
  ["low rank", { penalty: nuclear({ lambda: 0.1 }), shrinkEvery: 2 }, /nuclear, which makes singular values zero/],
  ["the other side", { penalty: groupLasso({ lambda: 0.1, side: "producer" }), shrinkEvery: 2 }, /side producer/],
  ["no number of epochs", { shrinkEvery: 0 }, /shrinkEvery/],
  ["no time", { shrinkEvery: 1, shrinkAfter: 0.5 }, /shrinkAfter/],
  ["a time for nothing", { shrinkEvery: false, shrinkAfter: 2 }, /after how long channels leave, and none do/],
])("%s is refused by name", (_, more, message) => {
  expect(() => train(dense(), images, { ...usual, engine: engine(), epochs: 2, ...more })).toThrow(message);
});
