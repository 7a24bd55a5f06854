import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { COMPARISON, EspalierError } from "espalier";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { comparePlan } from "./compare-plan.ts";
import { fileOrigins } from "./config.ts";
import { readSaved } from "./saved-comparison.ts";

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "espalier-comparison-"));
});
afterAll(() => rm(root, { recursive: true, force: true }));

const config = { model: "logistic", data: "digits", limitTrain: 20, threads: 1, methods: { a: { optimizer: "sgd" } } };
const ended = { method: "a", seed: 1, folder: "a/seed-1", seconds: 1 };

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
