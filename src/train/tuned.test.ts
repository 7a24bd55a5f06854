/** Runs whose step is tuned: the same mathematics, a checkpoint that keeps the plan, equal bytes after a resume. */
import { expect, test } from "vitest";
import { digits } from "../data/digits.ts";
import type { Engine } from "../engine/engine.ts";
import { node } from "../engine/node.ts";
import type { TuneOptions } from "../lower/tuning/tune.ts";
import type { SiteTrials, Tuning } from "../lower/tuning/tuning.ts";
import { models } from "../models/index.ts";
import { write } from "../onnx/write.ts";
import { constant } from "../optim/schedule.ts";
import { sgd } from "../optim/sgd.ts";
import { decodeCheckpoint } from "./checkpoint.ts";
import { memory } from "./memory.ts";
import type { TrainOptions } from "./options.ts";
import type { RunRecord } from "./record.ts";
import { train } from "./train.ts";
import { tuneModel } from "./tune-model.ts";

const engine = node({ threads: 1 });
const data = digits({ train: 64, test: 16, seed: 3 });
const model = () => models.lenet5Small({ seed: 1 });
const options = (more: Partial<TrainOptions>): TrainOptions => ({
  engine,
  optimizer: sgd({ momentum: 0.9 }),
  schedule: constant({ lr: 0.05 }),
  epochs: 2,
  batchSize: 16,
  ...more,
});
/** What a machine would have found on which everything is fastest in another way than the thresholds say. */
const cache = (choose: (names: string[], preferred: string) => string) => {
  const kept: Record<string, SiteTrials> = {};
  return {
    kept,
    async read(name: string): Promise<SiteTrials> {
      const all = Object.entries(kept[name] ?? {});
      const sites = all.filter(([key]) => !key.startsWith("whole"));
      const chosen = sites.map(([key, t]) => [key, choose(Object.keys(t.took).sort(), t.preferred)] as const);
      const whole = choose(["thresholds", "tuned"], "thresholds");
      const plan = Object.fromEntries(chosen);
      return Object.fromEntries(
        all.map(([key, t]) => [
          key,
          Object.hasOwn(plan, key) ? { ...t, chosen: plan[key] } : { ...t, chosen: whole, plan },
        ]),
      );
    },
    write: async (name: string, more: SiteTrials) => void (kept[name] = { ...kept[name], ...more }),
  };
};
const other = () => cache((names, preferred) => names.find((name) => name !== preferred) ?? preferred);

/** Fills a cache. */
const fill = (tune: TuneOptions) => finish(train(model(), data, options({ tune, epochs: 1 })));
async function finish(run: ReturnType<typeof train>) {
  for await (const _ of run);
  return run;
}
/** Stops at the third step. */
function stopped(of: TrainOptions) {
  const stop = new AbortController();
  let steps = 0;
  const onProgress = () => void (++steps === 3 && stop.abort());
  return finish(train(model(), data, { ...of, signal: stop.signal, onProgress }));
}
async function tuningOf(store: ReturnType<typeof memory>): Promise<Tuning | undefined> {
  const { state } = await decodeCheckpoint(store.files.get("checkpoint.safetensors")!, "here");
  return (state as RunRecord).tuning;
}

test("a tuned run computes the same up to the order of sums, and its checkpoint keeps the plan", async () => {
  const plain = await finish(train(model(), data, options({})));
  const tune = { cache: other() };
  await fill(tune);
  const store = memory();
  const tuned = await finish(train(model(), data, options({ tune, store })));
  const kept = await tuningOf(store);
  expect(Object.keys(kept!.plan).some((key) => key.startsWith("ConvWeightGradient"))).toBe(true);
  expect(tuned.history[1].loss).toBeCloseTo(plain.history[1].loss, 4);
  expect(write(tuned.model)).not.toEqual(write(plain.model)); // it did compute otherwise
});

test("a stop and a resume end with the same bytes, whatever the cache says by then", async () => {
  const tune = { cache: other() };
  await fill(tune);
  const whole = await finish(train(model(), data, options({ tune })));
  const store = memory();
  await stopped(options({ tune, store }));
  const rest = await finish(train(model(), data, options({ store, resume: true }))); // not asked for again
  expect(rest.finished).toBe(true);
  expect(write(rest.model)).toEqual(write(whole.model));
  expect(await tuningOf(store)).toBeDefined();
});

test("on another machine the run is tuned anew, and says so", async () => {
  const store = memory();
  const stop = new AbortController();
  await finish(train(model(), data, options({ tune: {}, store, signal: stop.signal, onProgress: () => stop.abort() })));
  const first = await tuningOf(store);
  const elsewhere: Engine = node({ threads: 2 });
  const told: (Tuning | number)[] = [];
  const tune = { onOther: (t: Tuning) => told.push(t), onTrial: () => told.push(1) };
  const run = await finish(train(model(), data, options({ engine: elsewhere, tune, store, resume: true })));
  expect(run.finished).toBe(true);
  expect(told[0]).toEqual(first);
  expect(told.length).toBeGreaterThan(1);
  expect((await tuningOf(store))!.engine).toContain("2 threads");
  expect(first!.engine).toContain("1 thread");
});

test("a model can be tuned before there is data; a run then finds its shapes in the cache", async () => {
  const kept = cache((_, preferred) => preferred);
  const { trials } = await tuneModel(model(), { engine, batchSize: 16, cache: kept });
  const fresh: string[] = [];
  const tune = { cache: kept, onTrial: (p: { known: boolean; site: string }) => void (p.known || fresh.push(p.site)) };
  await finish(train(model(), data, options({ tune, epochs: 1 })));
  expect(Object.keys(trials).length).toBeGreaterThan(5);
  expect(fresh.filter((key) => /^Conv/.test(key))).toEqual([]);
  await expect(tuneModel(model(), { engine, batchSize: 0 })).rejects.toThrow("batchSize");
});

test("a run that goes on without its tuning computes by its checkpoint's, and one that began without by the thresholds", async () => {
  const tune = { cache: other() };
  await fill(tune);
  const whole = await finish(train(model(), data, options({ tune })));
  const store = memory();
  await stopped(options({ tune, store }));
  const rest = await finish(train(model(), data, options({ tune: false, store, resume: true })));
  expect(write(rest.model)).toEqual(write(whole.model));

  const plain = memory();
  await stopped(options({ store: plain }));
  const keeps = Object.assign(node({ threads: 1 }), { trials: tune.cache });
  await finish(train(model(), data, options({ engine: keeps, store: plain, resume: true, tune: { when: "long" } })));
  expect(await tuningOf(plain)).toBeUndefined();
});

test("a run that is stopped while it is tuned ends as any that is stopped, and begins when it is resumed", async () => {
  const stop = new AbortController();
  const store = memory();
  const tune = { onTrial: () => stop.abort() };
  const begun = await finish(train(model(), data, options({ tune, store, signal: stop.signal })));
  expect(begun.finished).toBe(false);
  expect(begun.history).toEqual([]);
  const resumed = await finish(train(model(), data, options({ tune: {}, store, resume: true })));
  expect(resumed.finished).toBe(true);
});
