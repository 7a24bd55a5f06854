/** Training with the nuclear norm: what its prox on the host keeps is what the epochs report and what the weights are. */
import { expect, test } from "vitest";
import { digits } from "../data/digits.ts";
import { node } from "../engine/node.ts";
import type { Model } from "../graph/types.ts";
import { svd } from "../math/svd.ts";
import { mlp } from "../models/mlp.ts";
import { write } from "../onnx/write.ts";
import { proxSsi } from "../optim/prox-ssi.ts";
import { ramda } from "../optim/ramda.ts";
import { rmda } from "../optim/rmda.ts";
import { constant } from "../optim/schedule.ts";
import { nuclear } from "../prox/nuclear.ts";
import { memory } from "./memory.ts";
import type { TrainOptions } from "./options.ts";
import { train } from "./train.ts";

const engine = node({ threads: 1 });
const data = digits({ train: 300, test: 100, seed: 3 });
const model = () => mlp({ sizes: [784, 32, 16, 10], seed: 1, input: [1, 28, 28] });
const start = (more: Partial<TrainOptions> = {}) =>
  train(model(), data, {
    engine,
    optimizer: rmda({ c: 0.1 }),
    schedule: constant({ lr: 0.1 }),
    penalty: nuclear({ lambda: 0.3 }),
    lambdaWarmup: 1,
    epochs: 5,
    batchSize: 64,
    ...more,
  });

/** Singular values of every weight above rounding. */
function ranks({ graph }: Model): Record<string, number> {
  const found: Record<string, number> = {};
  for (const [{ name, shape }, { data: w }] of graph.initializers) {
    if (shape.length !== 2) continue;
    const { s } = svd(w as Float32Array, shape[0], shape[1]);
    found[name] = s.filter((x) => x > 1e-5 * s[0]).length;
  }
  return found;
}

test("RMDA: ranks fall while the loss does; at the end the weights have those ranks", async () => {
  const run = start();
  const averaged: Record<string, number>[] = [];
  for await (const _ of run) averaged.push(ranks(run.model));
  const [first, last] = [run.history[0], run.history.at(-1)!];
  expect(last.loss).toBeLessThan(first.loss);
  expect(last.ranks).toEqual(averaged.at(-1));
  const sum = (of: Readonly<Record<string, number>>) => Object.values(of).reduce((n, r) => n + r, 0);
  expect(last.lowRankLevel).toBe(1 - sum(last.ranks!) / (32 + 16 + 10));
  expect(last.lowRankLevel).toBeGreaterThan(0.1);
  expect(last.lowRankLevel).toBeLessThan(1);
  // while c < 1 the averages are of higher rank than the point inside the prox, which counts
  expect(run.history[3].c).toBeLessThan(1);
  expect(sum(run.history[3].ranks!)).toBeLessThan(sum(averaged[3]));
});

test("a stop at the end of an epoch and a resume give the same history and the same bytes", async () => {
  const whole = start();
  for await (const _ of whole);
  const store = memory();
  const stop = new AbortController();
  for await (const m of start({ store, signal: stop.signal })) if (m.epoch === 2) stop.abort();
  const rest = start({ store, resume: true });
  for await (const _ of rest);
  expect(rest.history.map((m) => [m.ranks, m.lowRankLevel])).toEqual(
    whole.history.map((m) => [m.ranks, m.lowRankLevel]),
  );
  expect(write(rest.model)).toEqual(write(whole.model));
});

test("an optimizer with a metric is refused", () => {
  for (const optimizer of [proxSsi(), ramda()])
    expect(() => start({ optimizer })).toThrow(/with nuclear is not defined: .* in the metric of an adaptive step/);
});
