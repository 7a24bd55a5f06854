import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FILES, type Summary } from "espalier";
import { directory } from "espalier/node";
import { afterAll, beforeAll, expect, test } from "vitest";
import { place } from "./place.ts";

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "espalier-place-"));
});
afterAll(() => rm(root, { recursive: true, force: true }));

const config = { model: "logistic", data: "digits" };
const half = { before: 2, after: 1 };
const sparsity = { groupSparsity: 0.5, weightedGroupSparsity: 0.5 };
const summary: Summary = {
  ...sparsity,
  ...{ accuracy: 0.9, smallAccuracy: 0.9, loss: 0.3, smallLoss: 0.3, elementSparsity: 0.5, inputChannel: sparsity },
  ...{ params: half, macs: half, bytes: half, latencyMs: half, latencyMsBatch128: half, maxAbsDiff: 0, maxRelDiff: 0 },
  ...{ epochs: 2, seconds: 1, msPerStep: 1, structureStableSince: null },
};

test.each([
  ["empty", "{}"],
  ["cut off", "{"],
  ["a number", "5"],
  ["with a wrong figure", JSON.stringify({ ...summary, params: 5 })],
])("a summary.json that is %s counts as none", async (_, text) => {
  const out = join(root, "run");
  const store = directory(out);
  await store.write(FILES.run, new TextEncoder().encode(JSON.stringify({ config })));
  await store.write(FILES.summary, new TextEncoder().encode(text));
  expect((await place({ out, resume: true })).summary).toBeUndefined();
  await store.write(FILES.summary, new TextEncoder().encode(JSON.stringify(summary)));
  expect((await place({ out, resume: true })).summary).toEqual(summary);
});
