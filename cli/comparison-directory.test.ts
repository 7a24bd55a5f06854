import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EspalierError, FILES, type Summary } from "espalier";
import { directory } from "espalier/node";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openComparison } from "./commands/compare-open.ts";
import { COMPARISON, readSaved, writeResults } from "./comparison-directory.ts";
import { comparePlan } from "./settings/compare-plan.ts";
import { fileOrigins } from "./settings/config.ts";
import { place } from "./settings/place.ts";
import { output } from "./terminal/output.ts";

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "espalier-comparison-"));
});
afterAll(() => rm(root, { recursive: true, force: true }));

const config = { model: "logistic", data: "digits", limitTrain: 20, threads: 1, methods: { a: { optimizer: "sgd" } } };
const ended = { method: "a", seed: 1, folder: "a/seed-1", seconds: 1 };
const half = { before: 2, after: 1 };
const sparsity = { groupSparsity: 0.5, weightedGroupSparsity: 0.5 };
const summary: Summary = {
  ...sparsity,
  ...{ accuracy: 0.9, smallAccuracy: 0.9, loss: 0.3, smallLoss: 0.3, elementSparsity: 0.5, inputChannel: sparsity },
  ...{ params: half, macs: half, bytes: half, latencyMs: half, latencyMsBatch128: half, maxAbsDiff: 0, maxRelDiff: 0 },
  ...{ epochs: 2, seconds: 1, msPerStep: 1, structureStableSince: null },
};

/** A folder that holds this text as compare.json. */
async function holding(name: string, text: string): Promise<string> {
  const folder = join(root, name);
  await mkdir(folder);
  await writeFile(join(folder, COMPARISON), text);
  return folder;
}

const damages: [string, unknown][] = [
  ["{}", {}],
  ["null", null],
  ["no settings", { config: 5, runs: [] }],
  ["no runs", { config, runs: 5 }],
  ["an empty run", { config, runs: [{}] }],
  ["a folder outside", { config, runs: [{ ...ended, folder: "../victim" }] }],
  ["a folder outside by a detour", { config, runs: [{ ...ended, folder: "a/seed-1/../../../victim/seed-1" }] }],
  ["an absolute folder", { config, runs: [{ ...ended, folder: "/victim/seed-1" }] }],
  ["the folder itself", { config, runs: [{ ...ended, folder: "" }] }],
];

describe("a damaged compare.json is called so by name, and counts as none when it is overwritten", () => {
  test.each(damages)("%s", async (name, document) => {
    const folder = await holding(name.replaceAll(" ", "-"), JSON.stringify(document));
    const refused = await readSaved(folder).catch((e: unknown) => e);
    expect(refused).toBeInstanceOf(EspalierError);
    expect((refused as Error).message).toMatch(/^compare\.json cannot be used\n +in .*\n +reason +\S/);
    expect(await readSaved(folder, { damagedIsNone: true })).toBeUndefined();
  });

  test("every folder of a plan is accepted", async () => {
    const { runs } = comparePlan(
      { ...config, seeds: [-3, 7], methods: { "Prox SGD, λ=1e-3": null, é: {} } },
      fileOrigins("c.yaml"),
    );
    const document = { config, runs: runs.map(({ method, seed, folder }) => ({ method, seed, folder, seconds: 1 })) };
    const folder = await holding("sound", JSON.stringify(document));
    expect((await readSaved(folder))?.runs).toEqual(document.runs);
  });
});

test("--overwrite clears nothing outside the comparison's directory", async () => {
  const victim = join(root, "victim");
  await mkdir(victim);
  for (const name of [FILES.run, FILES.model]) await writeFile(join(victim, name), "precious");
  const document = { config, runs: [{ ...ended, folder: "../victim" }] };
  const out = await holding("malicious", JSON.stringify(document));
  const interruption = { signal: new AbortController().signal, status: () => undefined, release: () => {} };
  await openComparison({ ...config, config: "c.yaml", out, overwrite: true }, [], output(true), interruption);
  for (const name of [FILES.run, FILES.model]) expect(await readFile(join(victim, name), "utf8")).toBe("precious");
});

const comparison = { title: "logistic on digits", config, methods: ["a"], seeds: [1, 2], environment: {} };

test("before the first run ended nothing of an earlier comparison is left", async () => {
  const store = directory(join(root, "again"));
  const files = ["compare.md", "compare.html", "compare.csv", "accuracy-epochs.svg"];
  for (const name of files) await store.write(name, new TextEncoder().encode("a former result"));
  await writeResults(store, comparison, []);
  for (const name of files) expect(new TextDecoder().decode(await store.read(name))).not.toContain("former");
  expect(new TextDecoder().decode(await store.read("compare.md"))).toContain("0 of 2 runs finished");
});

test("a line of metrics.jsonl that is cut off or damaged stops no comparison", async () => {
  const store = directory(join(root, "cut"));
  const line = JSON.stringify({ epoch: 1, groupSparsity: 0.25, elementSparsity: 0.25, testAccuracy: 0.5 });
  const bytes = (text: string) => new TextEncoder().encode(text);
  await directory(join(root, "cut", "a", "seed-1")).write(FILES.metrics, bytes(`${line}\n${line.slice(0, 20)}`));
  await directory(join(root, "cut", "a", "seed-2")).write(FILES.metrics, bytes("null\n"));
  const runs = [1, 2].map((seed) => ({ ...ended, seed, folder: `a/seed-${seed}`, summary }));
  expect((await writeResults(store, comparison, runs)).methods[0].finished).toBe(2);
});

test.each([
  ["empty", "{}"],
  ["cut off", "{"],
  ["a number", "5"],
  ["with a wrong figure", JSON.stringify({ ...summary, params: 5 })],
])("a summary.json that is %s counts as none", async (_, text) => {
  const out = join(root, "run");
  const { model, data } = config;
  const store = directory(out);
  await store.write(FILES.run, new TextEncoder().encode(JSON.stringify({ config: { model, data } })));
  await store.write(FILES.summary, new TextEncoder().encode(text));
  expect((await place({ out, resume: true })).summary).toBeUndefined();
  await store.write(FILES.summary, new TextEncoder().encode(JSON.stringify(summary)));
  expect((await place({ out, resume: true })).summary).toEqual(summary);
});
