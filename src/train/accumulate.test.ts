/** A batch in parts: the step of the whole batch, whatever the optimizer, where no batch norm looks at the parts. */
import { expect, test } from "vitest";
import { residualBlock } from "../../test/support/residual-block.ts";
import { digits } from "../data/digits.ts";
import { partSizes } from "../data/share.ts";
import { node } from "../engine/node.ts";
import { numbers } from "../graph/tensor.ts";
import type { Model } from "../graph/types.ts";
import { torchDefault } from "../models/init.ts";
import { network } from "../models/network.ts";
import { write } from "../onnx/write.ts";
import { adamw } from "../optim/adam.ts";
import { hspg } from "../optim/hspg.ts";
import { rigl } from "../optim/rigl.ts";
import { rmda } from "../optim/rmda.ts";
import { constant, multiStep } from "../optim/schedule.ts";
import { sgd } from "../optim/sgd.ts";
import { groupLasso } from "../prox/group-lasso.ts";
import { nuclear } from "../prox/nuclear.ts";
import { memory } from "./memory.ts";
import type { TrainOptions } from "./options.ts";
import { partsOf } from "./parts.ts";
import { train } from "./train.ts";

const engine = node({ threads: 1 });
const data = digits({ train: 150, test: 20, seed: 3 });
/** With dropout, whose masks must be those of the whole batch. */
const model = () =>
  network({ name: "net", input: [1, 28, 28], seed: 1, init: torchDefault }, (n, x) => {
    const hidden = n.dropout(n.relu(n.linear("fc1", n.flatten(x), 12)), 0.3);
    return n.linear("fc2", hidden, 10);
  });
const options = (more: Partial<TrainOptions> = {}): TrainOptions => ({
  engine,
  optimizer: sgd(),
  schedule: constant({ lr: 0.05 }),
  epochs: 2,
  batchSize: 64, // and a last one of 22
  ...more,
});
async function finish(from: Model, settings: TrainOptions) {
  const run = train(from, data, settings);
  for await (const _ of run);
  return run;
}

test("parts are as even as can be, and no smaller than asked for", () => {
  expect(partSizes(64, 3, 1)).toEqual([21, 21, 22]);
  expect(partSizes(22, 4, 1)).toEqual([5, 6, 5, 6]);
  expect(partSizes(3, 8, 1)).toEqual([1, 1, 1]);
  expect(partSizes(5, 8, 2)).toEqual([2, 3]);
  expect(partSizes(1, 8, 2)).toEqual([1]);
  const batch = { x: Float32Array.of(0, 0, 1, 1, 2, 2), y: Int32Array.of(7, 8, 9), count: 3 };
  expect(partsOf(batch, [1, 2])).toEqual([
    { x: Float32Array.of(0, 0), y: Int32Array.of(7), count: 1, from: 0 },
    { x: Float32Array.of(1, 1, 2, 2), y: Int32Array.of(8, 9), count: 2, from: 1 },
  ]);
});

const staged = multiStep({ lr: 0.05, milestones: [1] });
const penalty = groupLasso({ lambda: 1e-3 });
const methods: Readonly<Record<string, Partial<TrainOptions>>> = {
  sgd: {},
  adamw: { optimizer: adamw(), schedule: constant({ lr: 1e-3 }) },
  "rmda, which scales the loss": { optimizer: rmda({ c: 0.1 }), schedule: staged, penalty },
  "rmda with a prox on the host": { optimizer: rmda({ c: 0.1 }), schedule: staged, penalty: nuclear({ lambda: 0.02 }) },
  "hspg, whose second stage adds the penalty's gradient": { optimizer: hspg({ switchEpoch: 1 }), penalty },
  "rigl, which exchanges weights by their gradient": { optimizer: rigl({ updateEvery: 2, sparsity: 0.5 }) },
};
const cases = Object.entries(methods).flatMap(([name, method]) =>
  (name === "sgd" ? [2, 3, 64] : [3]).map((accumulate) => [name, accumulate, method] as const),
);

test.each(cases)("%s: %i parts give the weights of the whole batch", async (_, accumulate, method) => {
  const whole = await finish(model(), options(method));
  const parts = await finish(model(), options({ ...method, accumulate }));
  const wanted = new Map([...whole.model.graph.initializers].map(([v, t]) => [v.name, numbers(t)]));
  for (const [v, t] of parts.model.graph.initializers) {
    const largest = Math.max(...wanted.get(v.name)!.map(Math.abs));
    const worst = Math.max(...numbers(t).map((x, i) => Math.abs(x - wanted.get(v.name)![i])));
    expect(worst / largest, v.name).toBeLessThan(1e-5); // sums in float32 in another order
  }
  parts.history.forEach((epoch, i) => {
    expect(epoch.loss).toBeCloseTo(whole.history[i].loss, 5);
    expect(epoch.accuracy).toBe(whole.history[i].accuracy);
  });
});

test("batch norm normalizes each part, of two samples at least, and its running statistics follow them all", async () => {
  const net = () => residualBlock({ seed: 2, side: 28, classes: 10 });
  const run = await finish(net(), options({ accumulate: 64 })); // 22 samples in 11 parts
  const means = (m: Model) => [...m.graph.initializers].find(([v]) => v.name === "stem.norm.running_mean")![1].data;
  expect(run.history.every((m) => Number.isFinite(m.loss))).toBe(true);
  expect(means(run.model)).not.toEqual(means(net()));
});

test("a stop between two steps and a resume give the same bytes; other parts are another run", async () => {
  const settings = options({ accumulate: 3, optimizer: rmda({ c: 0.1 }), schedule: staged, penalty });
  const whole = await finish(model(), settings);
  const store = memory();
  const stop = new AbortController();
  let steps = 0;
  const onProgress = () => {
    if (++steps === 2) stop.abort();
  };
  await finish(model(), { ...settings, store, signal: stop.signal, onProgress });
  await expect(finish(model(), { ...settings, accumulate: 2, store, resume: true })).rejects.toThrow(
    "different settings: accumulate",
  );
  const rest = await finish(model(), { ...settings, store, resume: true });
  expect(write(rest.model)).toEqual(write(whole.model));
});

test("more parts than samples are refused", () => {
  expect(() => train(model(), data, options({ accumulate: 65 }))).toThrow("more parts than it has samples");
  expect(() => train(model(), data, options({ accumulate: 0 }))).toThrow("accumulate");
});
