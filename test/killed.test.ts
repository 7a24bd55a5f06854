/**
 * A run that is killed at any operation on its files: it is never taken for finished with figures of before, it can always be gone on
 * with or overwritten, and what was finished stays until somebody asks for something else.
 */
import { beforeAll, expect, test, vi } from "vitest";
import { digits } from "../src/data/digits.ts";
import { node } from "../src/engine/node.ts";
import { UsageError } from "../src/error.ts";
import { fcn } from "../src/models/fcn.ts";
import { constant } from "../src/optim/schedule.ts";
import { sgd } from "../src/optim/sgd.ts";
import { compare } from "../src/pipeline/compare.ts";
import { COMPARISON, type ComparisonDocument } from "../src/pipeline/comparison-files.ts";
import { type FinishOptions, finish } from "../src/pipeline/finish.ts";
import { savedSummary } from "../src/pipeline/summary-file.ts";
import { trainToTarget } from "../src/pipeline/target.ts";
import type * as Drawing from "../src/report/draw.ts";
import { type MemoryStore, memory } from "../src/train/memory.ts";
import { clearRun, FILES, TRUNCATED } from "../src/train/run-files.ts";
import { type Store, writeJson } from "../src/train/store.ts";
import { train } from "../src/train/train.ts";
import { Killer, killedEverywhere } from "./support/killed-store.ts";

/** Of the pages and charts it matters when they are written, not what they show: drawn a thousand times they take half of these tests. */
vi.mock("../src/report/draw.ts", async (original) => ({
  ...(await original<typeof Drawing>()),
  draw: async (title: string): Promise<Drawing.Chart> => ({ title, svg: `<svg><title>${title}</title></svg>` }),
}));

const engine = node({ threads: 1 });
const data = digits({ train: 60, test: 20, seed: 1 });
type Settings = { readonly lr: number };
const [OLD, NEW] = [{ lr: 0.1 }, { lr: 0.05 }];

const described = ({ lr }: Settings, place: object) =>
  train(fcn({ depth: 2, width: 4, seed: 1 }), data, {
    ...{ engine, optimizer: sgd(), schedule: constant({ lr }), epochs: 2, batchSize: 30 },
    ...place,
  });

/** A run as the command line makes it: cleared if it is overwritten, its settings written, trained, finished. */
async function make(
  store: Store,
  settings: Settings,
  { overwrite = false, ...how }: FinishOptions & { overwrite?: boolean } = {},
) {
  if (overwrite) await clearRun(store);
  await writeJson(store, FILES.run, { config: settings });
  const run = described(settings, { store, resume: true });
  for await (const _ of run);
  await finish(run, { config: settings, ...how });
}

const copyOf = async (store: MemoryStore): Promise<MemoryStore> => {
  const copy = memory();
  for (const [name, bytes] of store.files) await copy.write(name, bytes);
  return copy;
};

function json(store: MemoryStore, name: string) {
  const bytes = store.files.get(name);
  return bytes && JSON.parse(new TextDecoder().decode(bytes));
}

/** What a finished run has that no clock has touched. */
async function results(store: MemoryStore) {
  const summary = await savedSummary(store);
  if (!summary) return undefined;
  const { loss, accuracy, smallLoss, params, epochs } = summary;
  const files = [FILES.model, FILES.small, FILES.certificate, TRUNCATED].map((name) =>
    store.files.get(name)?.toString(),
  );
  const lines = new TextDecoder().decode(store.files.get(FILES.metrics)).trim().split("\n");
  return { loss, accuracy, smallLoss, params, epochs, files, lines: lines.map((line) => JSON.parse(line).testLoss) };
}
type Results = Awaited<ReturnType<typeof results>>;

const finished = { old: memory(), new: memory() };
let oldResults: Results;
let newResults: Results;
beforeAll(async () => {
  await make(finished.old, OLD);
  await make(finished.new, NEW);
  [oldResults, newResults] = [await results(finished.old), await results(finished.new)];
  expect(oldResults).not.toEqual(newResults);
}, 60_000);

test("a run that begins, killed anywhere: not finished before its end, and resumed it ends the same", async () => {
  let store = memory();
  const kills = await killedEverywhere(
    (killer) => {
      store = memory();
      return make(killer.store(store), OLD);
    },
    async (at) => {
      expect(await savedSummary(store), `killed at operation ${at}`).toBeUndefined();
      await make(store, OLD);
      expect(await results(store), `killed at operation ${at}`).toEqual(oldResults);
    },
  );
  expect(kills).toBeGreaterThan(20);
}, 300_000);

test("a run that is overwritten, killed anywhere: finished with the new figures or not at all, once anything is gone", async () => {
  let store = memory();
  const kills = await killedEverywhere(
    async (killer) => {
      store = await copyOf(finished.old);
      return make(killer.store(store), NEW, { overwrite: true });
    },
    async (at) => {
      const said = `killed at operation ${at}`;
      if (await savedSummary(store)) expect([at, await results(store)]).toEqual([1, oldResults]);
      const resumed = await copyOf(store);
      const settings: Settings = json(resumed, FILES.run)?.config ?? NEW;
      await make(resumed, settings);
      expect(await results(resumed), said).toEqual(settings.lr === NEW.lr ? newResults : oldResults);
      await make(store, NEW, { overwrite: true });
      expect(await results(store), said).toEqual(newResults);
    },
  );
  expect(kills).toBeGreaterThan(20);
}, 300_000);

test("a run that is finished again, otherwise, killed anywhere: finished as before, as wanted, or not at all", async () => {
  const otherwise = { rank: { rule: "local", keep: 0.3 }, fineTune: 1 } as const;
  const whole = await copyOf(finished.old);
  await make(whole, OLD, otherwise);
  const wanted = await results(whole);
  expect(wanted).not.toEqual(oldResults);
  let store = memory();
  const kills = await killedEverywhere(
    async (killer) => {
      store = await copyOf(finished.old);
      return make(killer.store(store), OLD, otherwise);
    },
    async (at) => {
      const said = `killed at operation ${at}`;
      if (await savedSummary(store)) expect(await results(store), said).toEqual(oldResults);
      await make(store, OLD, otherwise);
      expect(await results(store), said).toEqual(wanted);
    },
  );
  expect(kills).toBeGreaterThan(20);
}, 300_000);

test("a search that ends where a run was finished, killed anywhere, leaves no figures of that one", async () => {
  const search = async (store: Store) => {
    const trial = async (_: number, inner: Store | undefined) => {
      const run = described(NEW, { store: inner, resume: true });
      for await (const _ of run);
      return run;
    };
    const found = await trainToTarget(trial, { target: 0.9, tolerance: 0.5, store });
    await finish(found!.run, { store, config: NEW });
  };
  let store = memory();
  const kills = await killedEverywhere(
    async (killer) => {
      store = await copyOf(finished.old);
      return search(killer.store(store));
    },
    async (at) => {
      const said = `killed at operation ${at}`;
      if (await savedSummary(store)) expect(await results(store), said).toEqual(oldResults);
      await search(store);
      expect(await results(store), said).toEqual(newResults);
    },
  );
  expect(kills).toBeGreaterThan(20);
}, 300_000);

/** The files of the one run of a comparison. */
async function ownRun(store: MemoryStore): Promise<MemoryStore> {
  const inner = memory();
  for (const [name, bytes] of store.files)
    if (name.startsWith("a/seed-1/")) await inner.write(name.slice("a/seed-1/".length), bytes);
  return inner;
}
const comparisonResults = async (store: MemoryStore) => results(await ownRun(store));

test("a comparison that is overwritten, killed anywhere: it has no result of a run that is gone, and goes on or starts afresh", async () => {
  const comparison = (settings: Settings, store: Store, overwrite = false) =>
    compare({ a: (place) => described(settings, place) }, { store, overwrite });
  const [before, after] = [memory(), memory()];
  await comparison(OLD, before);
  await comparison(NEW, after);
  const [old, wanted] = [await comparisonResults(before), await comparisonResults(after)];
  let store = memory();
  const kills = await killedEverywhere(
    async (killer) => {
      store = await copyOf(before);
      return comparison(NEW, killer.store(store), true);
    },
    async (at) => {
      const said = `killed at operation ${at}`;
      const document: ComparisonDocument = json(store, COMPARISON);
      for (const { summary } of document.runs)
        if (summary) expect(summary, said).toEqual(json(await ownRun(store), FILES.summary));
      if (at % 2) {
        await comparison(NEW, store, true);
        expect(await comparisonResults(store), said).toEqual(wanted);
        return;
      }
      const settings = await comparison(NEW, store).then(
        () => NEW,
        (error: unknown) => {
          expect(error, said).toBeInstanceOf(UsageError); // the old run is whole, or goes on
          return comparison(OLD, store).then(() => OLD);
        },
      );
      expect(await comparisonResults(store), said).toEqual(settings === NEW ? wanted : old);
    },
  );
  expect(kills).toBeGreaterThan(40);
}, 300_000);

test("a comparison of which any one operation fails says so or notes a run that failed, and is mended when it is called again", async () => {
  const comparison = (store: Store) => compare({ a: (place) => described(OLD, place) }, { store });
  const whole = memory();
  const counted = new Killer();
  await comparison(counted.store(whole));
  const wanted = await comparisonResults(whole);
  const noted = new Set<string>();
  for (let at = 1; at <= counted.count; at++) {
    const store = memory();
    const outcome = await comparison(new Killer(at, { once: true }).store(store)).then(
      ({ document }) => (document.runs.every((run) => run.summary) ? "whole" : "noted"),
      () => "said",
    );
    noted.add(outcome);
    expect(["noted", "said"], `operation ${at}`).toContain(outcome);
    const { document } = await comparison(store);
    expect(document.runs, `operation ${at}`).toMatchObject([{ method: "a", summary: { epochs: 2 } }]);
    expect(await comparisonResults(store), `operation ${at}`).toEqual(wanted);
  }
  expect([...noted].sort()).toEqual(["noted", "said"]);
}, 300_000);
