/** docs/campaign.md is what the suites and the recorded campaigns say. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { campaignPage, recordedCampaigns } from "../campaign/page.ts";
import { suites } from "../campaign/suites/index.ts";
import { sealed } from "../experiments/seal.ts";

const at = (path: string) => new URL(path, import.meta.url).pathname;

test("the page is up to date", () => {
  const page = campaignPage(recordedCampaigns(at("../campaign/results")));
  const anew = "write it anew: npm run build && node dist/campaign/doc.js";
  expect(readFileSync(at("../docs/campaign.md"), "utf8") === page, anew).toBe(true);
});

test("every suite has a name of its own", () => {
  expect(new Set(suites.map((s) => s.name)).size).toBe(suites.length);
});

test("a recorded campaign that was mended, or is a draft, is refused", () => {
  const folder = mkdtempSync(join(tmpdir(), "espalier-page-"));
  try {
    const put = (text: string) => writeFileSync(join(folder, "a.json"), text);
    put(sealed({ seed: 1, suites: [], faults: [] }));
    expect(recordedCampaigns(folder)).toMatchObject([{ seed: 1 }]);
    put(sealed({ seed: 1, suites: [], faults: ["one"] }).replace('"one"', ""));
    expect(() => recordedCampaigns(folder)).toThrow(/changed after it was written/);
    put(sealed({ seed: 1, draft: true }));
    expect(() => recordedCampaigns(folder)).toThrow(/is a draft/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
