/** Sweeps through the library: stopped and gone on with, shared by two, with a trial that fails. */
import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { digits } from "../../data/digits.ts";
import { node } from "../../engine/node.ts";
import { fcn } from "../../models/fcn.ts";
import { directory } from "../../node/directory.ts";
import { constant } from "../../optim/schedule.ts";
import { sgd } from "../../optim/sgd.ts";
import { type MemoryStore, memory } from "../../train/memory.ts";
import { FILES } from "../../train/run-files.ts";
import type { Store } from "../../train/store.ts";
import { train } from "../../train/train.ts";
import { type SweepOptions, type SweptTrial, sweep } from "./sweep.ts";
import { clearSweep, SWEEP, savedSweep } from "./sweep-files.ts";
import type { Swept } from "./sweep-trials.ts";

const engine = node({ threads: 1 });
const data = digits({ train: 60, test: 40, seed: 1 });
const trial: SweptTrial = ({ lr, batchSize }, place) =>
  train(fcn({ depth: 2, width: 4, seed: 1 }), data, {
    ...{ engine, optimizer: sgd(), schedule: constant({ lr: lr as number }), epochs: 3 },
    ...{ batchSize: batchSize as number },
    ...place,
  });
const space = { lr: { from: 0.01, to: 1, scale: "log" }, batchSize: { values: [15, 30] } } as const;
const halving: SweepOptions = {
  space,
  trials: 7,
  stopping: { first: 1, factor: 3 },
  objectives: ["accuracy", "bytes"],
};

/** What of a sweep no clock has touched. */
async function outcomes(store: Store) {
  const { trials, front } = JSON.parse(new TextDecoder().decode(await store.read(SWEEP)));
  const own = (key: string) => store.within("trials").within(key);
  const bytes = async (key: string, name: string) =>
    createHash("sha256")
      .update((await own(key).read(name)) ?? "none")
      .digest("hex");
  const files = trials.map(async ({ key }: { key: string }) => [
    await bytes(key, FILES.model),
    await bytes(key, FILES.small),
  ]);
  return { trials, front, files: await Promise.all(files) };
}

let whole: MemoryStore;
let undisturbed: Swept;
beforeAll(async () => {
  whole = memory();
  undisturbed = await sweep(trial, { ...halving, store: whole });
}, 120_000);

test("one of two goes on at the rung; the rest stops there, and what is finished has its documents", async () => {
  const { result, stopped } = undisturbed;
  expect([stopped, result.complete, result.rungs]).toEqual([false, true, [1]]);
  const states = result.trials.map((t) => t.state);
  expect(states.filter((s) => s === "finished").length).toBeGreaterThanOrEqual(2);
  expect(states.filter((s) => s === "stopped early").length).toBeGreaterThanOrEqual(2);
  for (const { state, epochs } of result.trials) expect(epochs).toHaveLength(state === "finished" ? 3 : 1);
  const finished = result.trials.filter((t) => t.state === "finished").map((t) => t.number);
  for (const number of result.front) expect(finished).toContain(number);
  for (const name of ["sweep.csv", "sweep.md", "sweep.html", "front-bytes.svg", "best-trials.svg", "course-trials.svg"])
    expect(whole.files.has(name), name).toBe(true);
  const page = new TextDecoder().decode(whole.files.get("sweep.html"));
  expect(page).toContain("Pareto front");
  expect(page).toContain(`href="${result.trials[result.front[0]].folder}/report.html"`);
});

test("stopped after every epoch and called again, it comes to the same bytes; a finished one trains nothing", async () => {
  const store = memory();
  for (let calls = 0; calls < 100; calls++) {
    const stop = new AbortController();
    const onEvent = ({ type }: { readonly type: string }) => type === "epoch" && stop.abort();
    if (!(await sweep(trial, { ...halving, store, signal: stop.signal, onEvent })).stopped) break;
  }
  expect(await outcomes(store)).toEqual(await outcomes(whole));
  const epochs: unknown[] = [];
  await sweep(trial, { ...halving, store, onEvent: (e) => e.type === "epoch" && epochs.push(e) });
  expect(epochs).toEqual([]);
}, 120_000);

describe("on a folder", () => {
  const root = mkdtempSync(join(tmpdir(), "espalier-sweep-"));
  afterAll(() => rmSync(root, { recursive: true }));

  test("two at once share the work, make no epoch twice, and leave no claim", async () => {
    const epochs: string[] = [];
    const by = () =>
      sweep(trial, {
        ...halving,
        store: directory(join(root, "shared")),
        onEvent: (e) => e.type === "epoch" && epochs.push(`${e.job.key} ${e.metrics.epoch}`),
      });
    await Promise.all([by(), by()]);
    expect(await outcomes(directory(join(root, "shared")))).toEqual(await outcomes(whole));
    expect(new Set(epochs).size).toBe(epochs.length);
    const left = readdirSync(join(root, "shared", "claims"), { recursive: true, encoding: "utf8" });
    expect(left.filter((name) => name.includes(".lock"))).toEqual([]); // an empty folder, where one came as the other went, is no claim
  }, 120_000);
});

test("a trial that fails is noted and stops nothing; tpe goes on without it", async () => {
  const store = memory();
  const { result } = await sweep(trial, {
    space: { lr: { values: [0.05, 1e38] }, batchSize: { values: [30] } },
    store,
  });
  expect(result.trials.map((t) => [t.state, t.error ?? ""])).toEqual([
    ["finished", ""],
    ["failed", expect.stringContaining("training diverged")],
  ]);
  expect(new TextDecoder().decode(store.files.get("sweep.md"))).toContain("1 finished, 1 failed");
  await clearSweep(store);
  expect([...store.files.keys()].filter((name) => !name.endsWith(".svg"))).toEqual([]);
}, 60_000);

test("trials that early stopping cannot compare are refused before anything is trained", async () => {
  const wide =
    (more: object): SweptTrial =>
    (values, place) =>
      train(fcn({ depth: 2, width: 4, seed: 1 }), data, {
        ...{ engine, optimizer: sgd(), schedule: constant({ lr: 0.1 }), epochs: 3, ...more, ...values },
        ...place,
      });
  const store = memory();
  const asked = { stopping: true, objectives: ["accuracy"], store } as const;
  await expect(sweep(wide({}), { ...asked, space: { epochs: { values: [3, 4] } } })).rejects.toThrow(
    "early stopping and epochs",
  );
  await expect(sweep(wide({}), { ...asked, space: { evalEvery: { values: [1, 2] } } })).rejects.toThrow(
    "early stopping and evalEvery",
  );
  expect([...store.files.keys()]).toEqual([]);
});

test("other settings are refused, more trials go on", async () => {
  const store = memory();
  const once = { space, trials: 1, store };
  await sweep(trial, once);
  await expect(sweep(trial, { ...once, searchSeed: 2 })).rejects.toThrow("other settings: searchSeed");
  const { result } = await sweep(trial, { ...once, trials: 2 });
  expect(result.trials.map((t) => t.state)).toEqual(["finished", "finished"]);
  await sweep(trial, { ...once, searchSeed: 2, overwrite: true });
  expect((await savedSweep(store))?.trials).toHaveLength(1);
  await store.write(SWEEP, new TextEncoder().encode("{"));
  await expect(sweep(trial, once)).rejects.toThrow(`${SWEEP} cannot be used`);
}, 60_000);
