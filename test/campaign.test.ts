/** The campaign finds what is planted, of every kind, says how to repeat it, and a case is the same when it is repeated. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import type { CampaignRecord } from "../campaign/record.ts";
import type { Suite } from "../campaign/suite.ts";

const at = (path: string) => new URL(path, import.meta.url).href;
const { runCampaign } = (await import(at("../dist/campaign/campaign.js"))) as typeof import("../campaign/campaign.ts");
const planted = at("./support/planted-suites.mjs");
const { suites } = (await import(planted)) as { readonly suites: readonly Suite[] };
const folder = mkdtempSync(join(tmpdir(), "espalier-campaign-"));
afterAll(() => rmSync(folder, { recursive: true }));

function one(name: string, only = 3): Promise<CampaignRecord> {
  const chosen = suites.filter((s) => s.name === name);
  const plan = { module: planted, seed: 5, minutes: 1, workers: 1, folder: join(folder, name), onFault: () => {} };
  return runCampaign({ ...plan, suites: chosen, only });
}

test.each([
  ["throws", "exception", /^TypeError: Cannot read properties of undefined/],
  ["rejects", "exception", /^TypeError: nobody waits for it/],
  ["differs", "difference", /^1 is not 2$/],
  ["hangs", "hang", /^more than 1 s of processor time$/],
  ["waits", "hang", /^no answer in 1 s$/],
  ["grows", "memory", /^more than 1024 MB of memory$/],
  ["dies", "crash", /^the process ended with SIGSEGV/],
])("%s: %s", async (name, kind, message) => {
  const { faults } = await one(name);
  const repeat = `npm run campaign -- --seed 5 --only ${name} --case 3`;
  expect(faults).toMatchObject([
    { suite: name, kind, message: expect.stringMatching(message), firstCase: 3, repeat, count: 1 },
  ]);
});

test("what a failing case tried is kept, and nothing of others", async () => {
  await one("throws");
  expect(readFileSync(join(folder, "throws", "throws-3", "input.txt"), "utf8")).toBe("what was tried");
  await one("passes");
  expect(existsSync(join(folder, "passes", "passes-3"))).toBe(false);
});

test("what works and what is refused is counted, and is no fault", async () => {
  expect([...(await one("passes")).suites.values()]).toMatchObject([{ cases: 1, outcomes: { done: 1 } }]);
  const refused = await one("refuses");
  expect([...refused.suites.values()]).toMatchObject([{ cases: 1, outcomes: { missing: 1 } }]);
  expect(refused.faults).toEqual([]);
});

test("a case repeated is the same, others are others", async () => {
  const drawn = async (index: number) => Object.keys([...(await one("draws", index)).suites.values()][0].outcomes)[0];
  const [a, again, other] = [await drawn(7), await drawn(7), await drawn(8)];
  expect(again).toBe(a);
  expect(other).not.toBe(a);
});
