/** docs/operators.md is what the tables say now. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { operatorsPage } from "../experiments/operators-page.ts";
import { ops } from "../src/graph/ops/index.ts";

test("the page is up to date", () => {
  const page = readFileSync(new URL("../docs/operators.md", import.meta.url), "utf8");
  expect(page === operatorsPage(), "write it anew: npm run build && node dist/experiments/operators-doc.js").toBe(true);
});

test("every operator has a row", () => {
  for (const name of Object.keys(ops)) expect(operatorsPage()).toContain(`\n| \`${name}\` |`);
});
