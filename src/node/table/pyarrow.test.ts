/** Parquet files that pyarrow wrote (test/fixtures/parquet/make.py): what it keeps in ways of its own is read as what it means. */
import { cpSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Split } from "../../data/split.ts";
import { datasets } from "../datasets.ts";
import type { OpenOptions } from "../reader.ts";
import { readTokenizer } from "../text/tokenizer-files.ts";

const fixtures = join(import.meta.dirname, "../../../test/fixtures");
const file = (name: string) => join(fixtures, "parquet", name);
const refusal = (name: string, options: OpenOptions = {}): Promise<string> =>
  datasets.open(file(name), options).then(
    () => "no error",
    (error: Error) => error.message.replaceAll(file(""), ""),
  );

test("small and unsigned integers, halves, flags, decimals, dictionaries and nulls, packed either way", async () => {
  const options = { missing: "mean", standardize: false, testSplit: 0.25 } as const;
  const data = await datasets.open(file("kinds-snappy.parquet"), options);
  expect(data).toMatchObject({ shape: [9], classes: 2, classNames: ["cat", "dog"] });
  const colours = ["blue", "green", "red"];
  const some = Array.from({ length: 24 }, (_, i) => i).filter((i) => i !== 7);
  for (let at = 0; at < data.train.count; at++) {
    const [small, large, half, flag, price, value, ...colour] = data.train.x.subarray(9 * at, 9 * at + 9);
    const i = large / 1000;
    expect([small, half, flag, price]).toEqual([(i % 5) - 2, i / 2, Number(i % 3 === 0), i / 4]);
    if (some.includes(i)) expect(value).toBe(i);
    expect(colours.filter((_, k) => colour[k] === 1)).toEqual(i === 9 ? [] : [["red", "blue", "green"][i % 3]]);
    expect(data.train.y[at]).toBe(i % 2);
  }
  const zstd = await datasets.open(file("kinds-zstd.parquet"), options);
  const values = ({ origin, ...split }: Split) => ({ ...split, row: origin?.(0)["row"] });
  expect([zstd.train, zstd.test].map(values)).toEqual([data.train, data.test].map(values));
  const dropped = await datasets.open(file("kinds-zstd.parquet"), { missing: "drop" });
  expect([dropped.train.count + dropped.test.count, dropped.notes!.map(String).join()]).toEqual([
    22,
    expect.stringContaining("2 rows in which something is missing"),
  ]);
  const encoded = await datasets.open(file("encoded.parquet"), { standardize: false });
  for (let at = 0; at < encoded.train.count; at++) {
    const [i, f] = encoded.train.x.subarray(2 * at, 2 * at + 2);
    expect([f, encoded.train.y[at]]).toEqual([Math.fround(i / 3), i % 2]);
  }
});

test("a null and a date are named by file, row and column", async () => {
  expect(await refusal("kinds-snappy.parquet")).toMatchInlineSnapshot(`
    "a value is missing
      file    /kinds-snappy.parquet
      row     8
      column  some
      got     nothing
      wanted  a number
      fix     correct it, or say what becomes of such rows: missing mean or missing drop"
  `);
  expect(await refusal("times.parquet")).toMatchInlineSnapshot(`
    "a column holds times, which are neither numbers nor categories
      file    /times.parquet
      row     1
      column  day
      got     the time 2024-01-01T00:00:00.000Z
      wanted  text or a number
      fix     write them as numbers that mean something to the model, such as days since the first, or name the column in skipColumns"
  `);
  expect((await datasets.open(file("times.parquet"), { skipColumns: ["day"] })).shape).toEqual([1]);
});

test("images and their classes by the head of a README.md, which also names the configuration", async () => {
  const data = await datasets.open(file("pictures"));
  expect(data).toMatchObject({
    shape: [3, 4, 4],
    classes: 2,
    classNames: ["no", "dog"],
    train: { count: 16 },
    test: { count: 6 },
  });
  const copy = mkdtempSync(join(tmpdir(), "readme-"));
  cpSync(file("pictures/data"), join(copy, "small"), { recursive: true });
  const head = readFileSync(file("pictures/README.md"), "utf8").replace("config_name: default", "config_name: large");
  const [, info] = /dataset_info:\n(.*?)---/s.exec(head)!;
  const one = (text: string) => text.replaceAll(/^ {2}/gm, "    ").replace("    config", "  - config");
  writeFileSync(
    join(copy, "README.md"),
    `---\ndataset_info:\n${one(info)}${one(info).replace("large", "small").replace("dog", "yak")}---\n`,
  );
  expect((await datasets.open(join(copy, "small"))).classNames).toEqual(["no", "yak"]);
  writeFileSync(join(copy, "README.md"), "---\ndataset_info: [\n---\n");
  expect((await datasets.open(join(copy, "small"))).classNames).toBeUndefined();
});

test("words with tags, whose names stand in README.md", async () => {
  const text = { tokenizer: await readTokenizer(join(fixtures, "text/tiny-tagger")) };
  const data = await datasets.open(file("tagged"), { text });
  expect(data).toMatchObject({ classes: 3, classNames: ["O", "B-WORK", "B-MOOD"], label: "ner_tags" });
  expect(new Set(data.train.y)).toEqual(new Set([-100, 0, 1, 2]));
  expect(await refusal("tagged")).toMatch(/lists of a column differ[\s\S]*row +2\n +column +ner_tags[\s\S]*tokenizer/);
});
