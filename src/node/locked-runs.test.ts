/** Who writes a run's files locks them: training, finishing, searching, comparing. */
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { digits } from "../data/digits.ts";
import { node } from "../engine/node.ts";
import { fcn } from "../models/fcn.ts";
import { constant } from "../optim/schedule.ts";
import { sgd } from "../optim/sgd.ts";
import { compare } from "../pipeline/compare.ts";
import { finish } from "../pipeline/finish.ts";
import { trainToTarget } from "../pipeline/target.ts";
import type { Run } from "../train/run.ts";
import { FILES } from "../train/run-files.ts";
import type { Store } from "../train/store.ts";
import { train } from "../train/train.ts";
import { directory, newDirectory } from "./directory.ts";

const root = mkdtempSync(join(tmpdir(), "espalier-locked-"));
afterAll(() => rmSync(root, { recursive: true }));
const data = digits({ train: 60, test: 20, seed: 1 });
const described = (place: { store?: Store | undefined; resume?: boolean }) =>
  train(fcn({ depth: 2, width: 4, seed: 1 }), data, {
    ...{ engine: node({ threads: 1 }), optimizer: sgd(), schedule: constant({ lr: 0.1 }), epochs: 1 },
    ...place,
  });
async function trained(run: Run): Promise<Run> {
  for await (const _ of run);
  return run;
}

const search = async (store: Store) => {
  const trial = (_: number, inner: Store | undefined) => trained(described({ store: inner, resume: true }));
  await trainToTarget(trial, { target: 0.9, store });
};

test.each<[string, (store: Store) => Promise<unknown>]>([
  ["training", (store) => trained(described({ store }))],
  ["finishing", async (store) => finish(await trained(described({})), { store })],
  ["a search", search],
  ["a comparison", (store) => compare({ a: described }, { store })],
])("%s is refused where somebody else works, and changes nothing; then it leaves no lock", async (name, work) => {
  const path = join(root, name);
  const unlock = await directory(path).lock();
  await expect(work(directory(path))).rejects.toMatchObject({ code: "locked", what: `${path} is in use` });
  expect(readdirSync(path)).toEqual([".lock"]);
  await unlock();
  await work(directory(path));
  const left = readdirSync(path, { recursive: true }).map(String);
  expect(left.length).toBeGreaterThan(0);
  expect(left.filter((file) => file.includes("lock"))).toEqual([]);
});

test("a comparison does not touch a run that somebody works on: it stops, and neither notes nor clears that one", async () => {
  const path = join(root, "compared");
  const one = directory(join(path, "a", "seed-1"));
  const unlock = await one.lock();
  const comparing = () => compare({ a: described, b: described }, { store: directory(path) });
  await expect(comparing()).rejects.toMatchObject({ code: "locked", what: `${one.location} is in use` });
  expect(existsSync(join(path, "b"))).toBe(false);
  await unlock();
  const { document } = await comparing();
  expect(document.runs.map((run) => run.summary?.epochs)).toEqual([1, 1]);

  const again = await one.lock();
  const overwriting = compare({ a: described }, { store: directory(path), overwrite: true });
  await expect(overwriting).rejects.toMatchObject({ code: "locked" });
  expect(existsSync(join(path, "a", "seed-1", FILES.summary))).toBe(true);
  await again();
});

test("a run that stops early or fails gives its lock up", async () => {
  const store = directory(join(root, "early"));
  for await (const _ of described({ store })) break;
  await (await directory(store.location).lock())();
  await expect(trained(described({ store }))).rejects.toThrow("already holds a run");
  await (await directory(store.location).lock())();
});

test("of twenty that ask for a folder of their own at once, each has one", async () => {
  const stores = await Promise.all(Array.from({ length: 20 }, () => newDirectory(join(root, "own", "run"))));
  const names = Array.from({ length: 20 }, (_, i) => (i === 0 ? "run" : `run-${i + 1}`));
  expect(readdirSync(join(root, "own")).sort()).toEqual(names.sort());
  expect(new Set(stores.map((store) => store.location)).size).toBe(20);
});
