/** Which runs are tuned where nobody says. */
import { expect, test } from "vitest";
import { digits } from "../data/digits.ts";
import type { Engine, Trials } from "../engine/engine.ts";
import { node } from "../engine/node.ts";
import { models } from "../models/index.ts";
import { constant } from "../optim/schedule.ts";
import { sgd } from "../optim/sgd.ts";
import { paysToTune } from "./formulations.ts";
import type { TrainOptions } from "./options.ts";
import { train } from "./train.ts";

const data = digits({ train: 64, test: 16, seed: 3 });
const LONG = 1e7; // epochs

/** An engine that keeps what is timed on it. */
function keeping(): Engine & { readonly kept: Record<string, Record<string, unknown>> } {
  const kept: Record<string, Record<string, unknown>> = {};
  const trials: Trials = {
    read: async (of) => kept[of] ?? {},
    write: async (of, entries) => void (kept[of] = { ...kept[of], ...entries }),
  };
  return Object.assign(node({ threads: 1 }), { trials, kept });
}

/** A run that is stopped at its first step. */
async function begun(engine: Engine, more: Partial<TrainOptions>) {
  const stop = new AbortController();
  const [optimizer, schedule] = [sgd({ momentum: 0.9 }), constant({ lr: 0.05 })];
  const how = { engine, optimizer, schedule, batchSize: 16, signal: stop.signal, lambdaWarmup: 0 };
  const run = train(models.lenet5Small({ seed: 1 }), data, { ...how, onProgress: () => stop.abort(), ...more });
  for await (const _ of run);
  return run;
}

test("it pays in runs that are expected to train for ten minutes on their threads", () => {
  expect(paysToTune(100, 6000, 1)).toBe(true);
  expect(paysToTune(100, 5999, 1)).toBe(false);
  expect(paysToTune(100, 6000, 2)).toBe(false);
  expect(paysToTune(100, 12_000, 2)).toBe(true);
  expect(paysToTune(100, 50_000, 64)).toBe(true); // threads beyond eight count for nothing
});

test("a long run is tuned by itself, once: an equal one computes alike without another trial", async () => {
  const engine = keeping();
  const first = await begun(engine, { epochs: LONG });
  expect(first.tuning?.engine).toContain("1 thread");
  const [name] = Object.keys(engine.kept);
  const written = JSON.stringify(engine.kept[name]);
  const second = await begun(engine, { epochs: LONG });
  expect(second.tuning).toEqual({ ...first.tuning, seconds: 0 });
  expect(JSON.stringify(engine.kept[name])).toBe(written);
});

test("a short run is not, nor one that is told not to, nor where nothing is kept", async () => {
  const engine = keeping();
  for (const more of [{ epochs: 2 }, { epochs: LONG, tune: false } as const])
    expect((await begun(engine, more)).tuning).toBeUndefined();
  expect(engine.kept).toEqual({});
  expect((await begun(node({ threads: 1 }), { epochs: LONG })).tuning).toBeUndefined();
});

test("a short run is tuned where that is asked for, and takes what the engine keeps", async () => {
  const engine = keeping();
  const first = await begun(engine, { epochs: 2, tune: {} });
  const told: boolean[] = [];
  const second = await begun(engine, { epochs: 3, tune: { onTrial: ({ known }) => told.push(known) } });
  expect(told.length).toBeGreaterThan(5);
  expect(new Set(told)).toEqual(new Set([true]));
  expect(second.tuning!.plan).toEqual(first.tuning!.plan);
});
