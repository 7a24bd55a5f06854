/** docs/models.md is what was recorded of the zoo. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { modelsPage } from "../campaign/zoo/page.ts";
import { recordedZoo } from "../campaign/zoo/recorded.ts";

const at = (path: string) => new URL(path, import.meta.url).pathname;

test("the page is up to date", () => {
  const recorded = recordedZoo(at("../campaign/zoo/results.json"))!;
  const anew = "write it anew: npm run build && node dist/campaign/zoo/doc.js";
  expect(readFileSync(at("../docs/models.md"), "utf8") === modelsPage(recorded), anew).toBe(true);
});
