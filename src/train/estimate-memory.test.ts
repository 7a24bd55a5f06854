import { expect, test } from "vitest";
import { data, engine, model, options } from "../../test/support/small-run.ts";
import type { Engine } from "../engine/engine.ts";
import { node } from "../engine/node.ts";
import { adam } from "../optim/adam.ts";
import { constant } from "../optim/schedule.ts";
import { sgd } from "../optim/sgd.ts";
import type { MemoryEstimate } from "../report/results.ts";
import { parameters } from "../step/parameters.ts";
import { estimateMemory } from "./estimate-memory.ts";
import { train } from "./train.ts";

const dense = { penalty: undefined, schedule: constant({ lr: 0.1 }) };
const weights = parameters(model().graph).trained.reduce((n, { shape }) => n + 4 * shape.reduce((a, b) => a * b, 1), 0);

test("parameters and slots count twice, a step by its samples, and the whole is the sum of its parts", async () => {
  const of = (more: object) => estimateMemory(model(), data, options({ ...dense, ...more }));
  const small = await of({ optimizer: sgd({ momentum: 0.9 }), batchSize: 20 });
  const large = await of({ optimizer: adam(), batchSize: 80 });
  expect(small.state).toBe(4 * weights);
  expect(large.state).toBe(6 * weights);
  expect(large.step).toBeGreaterThan(small.step);
  for (const e of [small, large]) {
    expect(e.peak).toBe(e.process + e.state + e.step + e.evaluation);
    expect(e.process).toBeGreaterThan(2 ** 25);
    expect(e.evaluation).toBeGreaterThan(0);
    expect(e.recompute).toBe(false);
  }
  const inParts = await of({ optimizer: sgd({ momentum: 0.9 }), batchSize: 80, accumulate: 4 });
  expect(inParts.state).toBe(6 * weights); // the gradients of a part, and their sum
});

test("a run tells it before its first step and remembers it; where less is free than it takes, steps compute values again", async () => {
  const heard: string[] = [];
  const estimates: MemoryEstimate[] = [];
  const started = async (engine: Engine, recompute?: boolean) => {
    const run = train(
      model(),
      data,
      options({
        ...dense,
        engine,
        optimizer: sgd(),
        epochs: 1,
        recompute,
        onMemory(estimate) {
          heard.push("memory");
          estimates.push(estimate);
        },
        onProgress: () => heard.push("step"),
      }),
    );
    expect(run.memory).toBeUndefined();
    for await (const _ of run);
    expect(run.memory).toBe(estimates.at(-1));
  };
  await started(engine);
  expect(heard.indexOf("memory")).toBe(0);
  expect(heard.lastIndexOf("memory")).toBe(0);
  const full: Engine = Object.assign(node({ threads: 1 }), { available: () => 1000 });
  await started(full);
  await started(full, false);
  expect(estimates.map(({ recompute }) => recompute)).toEqual([false, true, false]);
  expect(estimates[1].free).toBe(1000);
});
