import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { UsageError } from "espalier";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { fromAssignments, fromFile } from "./config.ts";
import { trainFields } from "./train-fields.ts";
import { yamlValue } from "./yaml.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "espalier-test-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const bomb = [
  "a: &a [x,x,x,x,x,x,x,x,x]",
  ..."bcdefghi".split("").map((c, i) => `${c}: &${c} [${`*${"abcdefgh"[i]},`.repeat(9)}]`),
];

test.each([
  ["no YAML", "model: [", /reason +\S/],
  ["a key twice", "lambda: 1\nlambda: 2\n", /unique at line 2/],
  ["an unknown tag", "lambda: !money 3\n", /Unresolved tag: !money/],
  ["a tag of code", "lambda: !!js/function 'function () {}'\n", /tag/],
  ["many repetitions", bomb.join("\n"), /alias/],
  ["an alias of nothing", "a: *b\n", /alias/],
  ["two documents", "a: 1\n---\nb: 2\n", /document/],
  ["deep nesting", `a: ${"[".repeat(30)}${"]".repeat(30)}`, /nested/],
  ["very deep nesting", "[".repeat(100_000), /reason/],
])("%s is refused without a word elsewhere", (_, text, said) => {
  const warned = vi.spyOn(process, "emitWarning");
  let error: unknown;
  try {
    yamlValue(text, { file: "run.yaml" });
  } catch (e) {
    error = e;
  }
  expect(error).toBeInstanceOf(UsageError);
  expect(String(error)).toMatch(said);
  expect(String(error)).toMatch(/file +run\.yaml/);
  expect(warned).not.toHaveBeenCalled();
  warned.mockRestore();
});

test("what is plain is read, keys that are lists without a warning", () => {
  const warned = vi.spyOn(process, "emitWarning");
  expect(yamlValue("a: [1, 2]\nb: &x { c: 1 }\nd: *x\n", {})).toEqual({ a: [1, 2], b: { c: 1 }, d: { c: 1 } });
  expect(yamlValue("? [a, b]\n: 1\n", {})).toBeTypeOf("object");
  expect(warned).not.toHaveBeenCalled();
  warned.mockRestore();
});

test("an assignment that is no YAML is a usage error, and so is a file that is none of settings", async () => {
  expect(() => fromAssignments(trainFields, ["augment.crop=["])).toThrow(/where +--set augment\.crop=\[/);
  await expect(fromFile(folder)).rejects.toThrow("it is a folder");
  if (process.platform !== "win32") await expect(fromFile("/dev/zero")).rejects.toThrow("it is no regular file");
  await writeFile(join(folder, "large.yaml"), "#".repeat(1_000_001));
  await expect(fromFile(join(folder, "large.yaml"))).rejects.toThrow("1,000,001 bytes");
});
