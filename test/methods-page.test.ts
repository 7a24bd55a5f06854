/** docs/methods.md is what the tables say now, and leaves no method out. */
import { existsSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { kebab } from "../cli/settings/names.ts";
import { belongs } from "../cli/settings/train-choices.ts";
import { methodsPage } from "../experiments/methods-page.ts";
import { optimizerTexts, penaltyTexts } from "../experiments/methods-text.ts";

const docs = new URL("../docs/", import.meta.url);

test("the page is up to date", () => {
  expect(
    readFileSync(new URL("methods.md", docs), "utf8") === methodsPage(),
    "write it anew: node dist/experiments/methods-doc.js",
  ).toBe(true);
});

test("every optimizer and every penalty has a section and a chart", () => {
  expect(Object.keys(optimizerTexts).sort()).toEqual(Object.keys(belongs.optimizer).sort());
  const penalties = Object.keys(belongs.penalty).filter((name) => name !== "none");
  expect(Object.keys(penaltyTexts).sort()).toEqual(penalties.sort());
  for (const name of [...Object.keys(belongs.optimizer), ...penalties])
    expect(existsSync(new URL(`methods/${kebab(name)}.svg`, docs)), name).toBe(true);
});
