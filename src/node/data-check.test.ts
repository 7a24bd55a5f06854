/** What is said of data before it is trained on. */
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { datasets } from "./datasets.ts";

const folder = mkdtempSync(join(tmpdir(), "check-"));
const file = (name: string, content: string): string => {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
};
const rows = (n: number, row: (i: number) => string) => Array.from({ length: n }, (_, i) => row(i)).join("\n");

test("good data has nothing that looks wrong", async () => {
  const checked = await datasets.check(
    file("good.csv", `a,b,label\n${rows(100, (i) => `${i},${(i * i) % 7},${i % 2}`)}`),
  );
  expect(checked).toMatchObject({ kind: "a CSV or TSV file", warnings: [], errors: [] });
  expect(checked.found).toMatchObject({ shape: [2], classes: 2, constant: [] });
  const { train, test } = checked.found!.parts;
  expect([train.count, test.count, train.repeated, test.ofTraining]).toEqual([80, 20, 0, 0]);
  expect(train.perClass!.reduce((a, b) => a + b)).toBe(80);
});

test("unbalanced and rare classes, samples that occur twice, constant columns and large numbers are said", async () => {
  const path = file(
    "odd.csv",
    `a,same,kind,label\n${rows(200, (i) => `${i < 20 ? 5 : i * 100},1,x,${i === 30 ? "rare" : i % 40 === 1 ? "few" : "many"}`)}`,
  );
  const checked = await datasets.check(path, { standardize: false });
  expect(checked.warnings.map(String)).toMatchInlineSnapshot(`
    [
      "the classes are not balanced: many has 156 training samples, rare 1; always to say many is right for 98 %",
      "few training samples: few (3), rare (1)",
      "no test sample of rare",
      "17 training samples occur more than once, 1 of them with different labels",
      "2 of the 40 test samples are training samples too: what is measured on them is too good",
      "the same in every training sample: same, kind = x",
      "numbers of the inputs lie between 1 and 19900, and are fed as they are: of a table standardize scales them",
    ]
  `);
  expect(checked.errors).toEqual([]);
});

test("what makes data unusable is among the errors, and names file and row", async () => {
  const checked = await datasets.check(file("bad.csv", `a,label\n1,0\n,1\n3,0\n4,1\n5,0\n`));
  expect(checked.found).toBe(undefined);
  expect(checked.errors.map(({ message }) => message.replaceAll(folder, ""))).toMatchInlineSnapshot(`
    [
      "a value is missing
      file    /bad.csv
      line    3
      column  a
      got     nothing
      wanted  a number
      fix     correct it, or say what becomes of such rows: missing mean or missing drop",
    ]
  `);
  const one = await datasets.check(file("one.csv", `a,label\n${rows(20, (i) => `${i},x`)}`));
  expect(one.warnings.map(String)).toContain("all training samples are of one class, x");
  expect(JSON.parse(JSON.stringify(checked)).errors[0]).toMatchObject({ code: "mismatch", details: { line: 3 } });
});
