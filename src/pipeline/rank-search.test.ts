/** The greedy search for ranks, step by step against evaluations of truncated models. */
import { beforeAll, expect, test } from "vitest";
import { limitTrain, splitValidation } from "../data/dataset.ts";
import { digits } from "../data/digits.ts";
import { node } from "../engine/node.ts";
import type { Model } from "../graph/types.ts";
import { type Spectra, spectra } from "../lowrank/spectra.ts";
import { truncate } from "../lowrank/truncate.ts";
import { mlp } from "../models/mlp.ts";
import { constant } from "../optim/schedule.ts";
import { sgd } from "../optim/sgd.ts";
import { evaluate } from "../train/evaluate.ts";
import { train } from "../train/train.ts";
import { searchRanks } from "./rank-search.ts";

const engine = node({ threads: 1 });
const data = splitValidation(digits({ train: 1500, test: 200, seed: 1 }), 0.2, 1);
let model: Model;
let found: Spectra;
beforeAll(async () => {
  const start = mlp({ sizes: [784, 24, 12, 10], input: [1, 28, 28], seed: 1 });
  const run = train(start, data, { engine, optimizer: sgd(), schedule: constant({ lr: 0.1 }), epochs: 4 });
  for await (const _ of run);
  model = run.model;
  found = spectra(model);
});

test("greedy: each step is the cheapest layer, and what is accepted keeps its accuracy", async () => {
  const { ranks, reference, accuracy, steps } = await searchRanks(model, data, { engine, grid: 4, tolerance: 0.02 });
  expect(reference).toBe((await evaluate(model, data, { engine, split: data.val })).accuracy);
  expect(reference).toBeGreaterThan(0.6);
  expect(accuracy).toBeGreaterThanOrEqual(reference - 0.02);
  const kept = [...ranks.values()].reduce((a, b) => a + b);
  expect(kept).toBeLessThan(24 + 12 + 10);
  expect(steps.filter((s) => s.accepted).at(-1)!.accuracy).toBe(accuracy);
  const small = truncate(found, ranks, { dense: "product" }).model; // factors where they are smaller: the same function
  expect((await evaluate(small, data, { engine, split: data.val })).accuracy).toBeCloseTo(accuracy, 2);

  const few = limitTrain(data, 120, 1).train;
  const losses = await Promise.all(
    found.layers.map(async (l) => {
      const one = truncate(found, new Map([[l.weight, l.values.length - 4]]), { dense: "product" }).model;
      return { weight: l.weight, rank: l.values.length - 4, ...(await evaluate(one, data, { engine, split: few })) };
    }),
  );
  const cheapest = losses.reduce((a, b) => (b.loss < a.loss ? b : a));
  expect(steps[0]).toMatchObject({ weight: cheapest.weight, rank: cheapest.rank });
  expect(steps[0].loss).toBeCloseTo(cheapest.loss, 5);
});

test("no layer goes below the least rank; a pass ends after so many failures", async () => {
  const all = await searchRanks(found, data, { engine, grid: 8, least: 4, tolerance: 0.99 });
  expect([...all.ranks.values()]).toEqual([4, 4, 4]);
  const none = await searchRanks(found, data, { engine, grid: 8, tolerance: 0, patience: 1, split: data.train });
  const failures = none.steps.filter((s) => !s.accepted).length;
  expect(failures).toBeLessThanOrEqual(4); // one for each grid: 8, 4, 2, 1
  expect(none.accuracy).toBeGreaterThanOrEqual(none.reference);
});

test("the same search twice", async () => {
  const options = { engine, grid: 8, tolerance: 0.05 };
  expect(await searchRanks(found, data, options)).toEqual(await searchRanks(found, data, options));
});

test("a signal stops it", async () => {
  const stop = new AbortController();
  let steps = 0;
  const onStep = () => {
    steps++;
    stop.abort();
  };
  const search = searchRanks(found, data, { engine, grid: 4, tolerance: 0.99, signal: stop.signal, onStep });
  await expect(search).rejects.toThrow(/aborted/);
  expect(steps).toBe(1);
});

test("what it cannot search", async () => {
  await expect(searchRanks(model, { ...data, classes: null }, { engine })).rejects.toThrow(/judges by accuracy/);
  await expect(searchRanks(model, data, { engine, tolerance: 1 })).rejects.toThrow(/tolerance is out of range/);
  await expect(searchRanks(model, data, { engine, grid: 0 })).rejects.toThrow(/grid is out of range/);
});
