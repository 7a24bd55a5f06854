import { expect, test } from "vitest";
import type { EpochMetrics } from "../report/results.ts";
import { memory } from "../train/memory.ts";
import { FILES } from "../train/run-files.ts";
import { COMPARISON, clearComparedRun, methodFolder, savedComparison, writeComparison } from "./comparison-files.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const comparison = { title: "logistic on digits", config: {}, methods: ["a"], seeds: [1, 2], environment: {} };
const half = { before: 2, after: 1 };
const sparsity = { groupSparsity: 0.5, weightedGroupSparsity: 0.5 };
const summary = {
  ...sparsity,
  ...{ accuracy: 0.9, smallAccuracy: 0.9, loss: 0.3, smallLoss: 0.3, elementSparsity: 0.5, inputChannel: sparsity },
  ...{ params: half, macs: half, bytes: half, latencyMs: half, latencyMsBatch128: half, maxAbsDiff: 0, maxRelDiff: 0 },
  ...{ epochs: 2, seconds: 1, msPerStep: 1, structureStableSince: null },
};
const epoch: EpochMetrics = {
  ...sparsity,
  ...{ epoch: 1, loss: 0.3, accuracy: 0.9, testLoss: 0.3, testAccuracy: 0.9, elementSparsity: 0.5 },
  ...{ inputChannel: sparsity, patternChanges: 1, lr: 0.1, seconds: 1, msPerStep: 1 },
};

test("before the first run ended nothing of an earlier comparison is left", async () => {
  const store = memory();
  const files = ["compare.md", "compare.html", "compare.csv", "accuracy-epochs.svg"];
  for (const name of files) await store.write(name, bytes("a former result"));
  await writeComparison(store, comparison, []);
  for (const name of files) expect(new TextDecoder().decode(store.files.get(name))).not.toContain("former");
  expect(new TextDecoder().decode(store.files.get("compare.md"))).toContain("0 of 2 runs finished");
});

test("a line of metrics.jsonl that is cut off or damaged stops no comparison", async () => {
  const store = memory();
  const line = JSON.stringify(epoch);
  await store
    .within("a")
    .within("seed-1")
    .write(FILES.metrics, bytes(`${line}\n${line.slice(0, 20)}`));
  await store.within("a").within("seed-2").write(FILES.metrics, bytes("null\n"));
  const runs = [1, 2].map((seed) => ({ method: "a", seed, folder: `a/seed-${seed}`, seconds: 1, summary }));
  const written = await writeComparison(store, comparison, runs);
  expect(written.document.methods[0].finished).toBe(2);
  expect(written.comparison.runs.map((r) => r.epochs)).toEqual([[epoch], []]);
  expect((await savedComparison(store))?.runs).toEqual(runs.map(({ summary: _, ...run }) => run));
});

test("a run is cleared with its folders, unless something else lies in them", async () => {
  const store = memory();
  for (const seed of [1, 2]) await store.within("a").within(`seed-${seed}`).write(FILES.run, bytes("{}"));
  await store.within("a").within("seed-2").write("mine.txt", bytes("mine"));
  await clearComparedRun(store, { folder: "a/seed-1" });
  expect(await store.within("a").list()).toEqual(["seed-2"]);
  await clearComparedRun(store, { folder: "a\\seed-2" });
  expect([...store.files.keys()]).toEqual(["a/seed-2/mine.txt"]);
  await store.within("a").remove("seed-2");
  await clearComparedRun(store, { folder: "a/seed-3" });
});

test("compare.json that is cut off is refused by name", async () => {
  const store = memory();
  expect(await savedComparison(store)).toBeUndefined();
  await store.write(COMPARISON, bytes('{"config":'));
  await expect(savedComparison(store)).rejects.toThrow(/^compare\.json cannot be used\n +in +memory\n/);
});

test("a method's folder is made of its letters and digits", () => {
  expect(methodFolder("Prox SGD, λ=1e-3")).toBe("prox-sgd-λ-1e-3");
  expect(methodFolder("*")).toBe("");
});
