import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { UsageError } from "espalier";
import { afterAll, expect, test } from "vitest";
import { fromAssignments, fromFile } from "./config.ts";
import { trainFields } from "./train-fields.ts";
import { wholeValue } from "./whole.ts";

const folder = mkdtempSync(join(tmpdir(), "espalier-whole-"));
afterAll(() => rmSync(folder, { recursive: true }));

test("a value that is a part of itself is refused, in a file and with --set", async () => {
  const file = join(folder, "a.yaml");
  writeFileSync(file, "milestones: &a [1, *a]\n");
  await expect(fromFile(file)).rejects.toThrow(/^a value is a part of itself\n {2}file /);
  expect(() => fromAssignments(trainFields, ["augment.crop=&a [*a]"])).toThrow(UsageError);
});

test("a value that stands in two places is none", () => {
  const shared = [1, 2];
  const value = { a: shared, b: { c: shared } };
  expect(wholeValue(value, {})).toBe(value);
});
