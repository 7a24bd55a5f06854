/** Whatever a run uploads or computes on an engine, it disposes of: on a GPU every forgotten batch would stay. */
import { expect, test } from "vitest";
import { counted } from "../../test/support/counted.ts";
import { digits } from "../data/digits.ts";
import { node } from "../engine/node.ts";
import { mlp } from "../models/mlp.ts";
import { rmda } from "../optim/rmda.ts";
import { constant } from "../optim/schedule.ts";
import { sgd } from "../optim/sgd.ts";
import { groupLasso } from "../prox/group-lasso.ts";
import { nuclear } from "../prox/nuclear.ts";
import { evaluate } from "./evaluate.ts";
import { memory } from "./memory.ts";
import { NotFiniteError } from "./not-finite.ts";
import type { TrainOptions } from "./options.ts";
import { train } from "./train.ts";

const data = digits({ train: 48, test: 20, seed: 3 });
const model = () => mlp({ sizes: [784, 8, 10], seed: 1, input: [1, 28, 28] });

/** Trains three epochs of three steps; how many tensors are alive after each step, and in the end. */
async function alive(options: Partial<TrainOptions>) {
  const { engine, alive } = counted(node({ threads: 1 }));
  const counts: number[] = [];
  const run = train(model(), data, {
    engine,
    optimizer: sgd({ momentum: 0.9 }),
    schedule: constant({ lr: 0.1 }),
    epochs: 3,
    batchSize: 16,
    onProgress: () => counts.push(alive.size),
    ...options,
  });
  for await (const _ of run);
  return { counts, end: alive.size };
}

test.each<[string, Partial<TrainOptions>]>([
  ["sgd", {}],
  [
    "RMDA with groups, its point beside the weights measured every epoch",
    { optimizer: rmda({ c: 0.1 }), penalty: groupLasso({ lambda: 1e-2 }) },
  ],
  ["a prox on the host", { optimizer: rmda({ c: 0.1 }), penalty: nuclear({ lambda: 0.1 }) }],
  ["gradients of parts added up", { accumulate: 4 }],
  ["a run with checkpoints", { store: memory() }],
])("%s: no step leaves a tensor behind, and the run none", async (_, options) => {
  const { counts, end } = await alive(options);
  expect(counts).toHaveLength(9);
  const weights = 4; // two layers
  expect(counts[8]).toBeGreaterThanOrEqual(2 * weights); // the state, twice: they are counted
  expect(counts.slice(1).every((n) => n === counts[1])).toBe(true);
  expect(end).toBe(0);
});

test("a run that diverges leaves none either", async () => {
  const { engine, alive } = counted(node({ threads: 1 }));
  const run = train(model(), data, {
    engine,
    optimizer: sgd(),
    schedule: constant({ lr: 1e30 }),
    epochs: 3,
    batchSize: 16,
  });
  await expect(async () => {
    for await (const _ of run);
  }).rejects.toThrow(NotFiniteError);
  expect(alive.size).toBe(0);
});

test("an evaluation leaves none", async () => {
  const { engine, alive } = counted(node({ threads: 1 }));
  expect((await evaluate(model(), data, { engine })).accuracy).toBeLessThan(1);
  expect(alive.size).toBe(0);
});
