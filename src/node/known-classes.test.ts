/** Samples that are read for a model that was trained before: a class is the same class, whichever of them the new samples have. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { parquetWriteBuffer } from "hyparquet-writer";
import sharp from "sharp";
import { afterAll, expect, test } from "vitest";
import { datasets } from "./datasets.ts";

const folder = mkdtempSync(join(tmpdir(), "classes-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const file = (name: string, content: string | Uint8Array): string => {
  const path = join(folder, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
  return path;
};
const rows = (n: number, row: (i: number) => string): string => Array.from({ length: n }, (_, i) => row(i)).join("\n");
const refused = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => "no error",
    (error: Error) => error.message.replaceAll(folder, ""),
  );

test("whole numbers that were classes from 0 on stay these, where the smallest are not there", async () => {
  const { encoding } = await datasets.open(file("all.csv", `x,label\n${rows(30, (i) => `${i},${i % 3}`)}`));
  const some = file("some.csv", `x,label\n${rows(20, (i) => `${i},${1 + (i % 2)}`)}`);
  const later = await datasets.open(some, { encoding });
  expect(new Set(later.train.y)).toEqual(new Set([1, 2]));
  expect(later.classNames).toBeUndefined();
  const fresh = await datasets.open(some);
  expect([new Set(fresh.train.y), fresh.classNames]).toEqual([new Set([0, 1]), ["1", "2"]]);
  const again = await datasets.open(file("two.csv", "x,label\n1,2\n2,2\n3,2\n4,2\n5,2"), { encoding: fresh.encoding });
  expect(new Set(again.train.y)).toEqual(new Set([1]));
});

test("large numbers are names of classes; none is cut to 32 bits", async () => {
  const years = await datasets.open(file("years.csv", `x,label\n${rows(20, (i) => `${i},${2 ** 40 + (i % 2)}`)}`));
  expect([years.classes, years.classNames]).toEqual([2, ["1099511627776", "1099511627777"]]);
  expect(String(years.notes?.join())).toMatch("are taken as the classes 0, 1");
  const few = file("few.csv", `x,label\n${rows(30, (i) => `${i},${1999 + (i % 2)}`)}`);
  expect(await datasets.open(few)).toMatchObject({ classes: 2001 });
  const known = datasets.open(join(folder, "years.csv"), { encoding: null });
  expect(await refused(known)).toMatchInlineSnapshot(`
    "a label is none of the classes
      file    /years.csv
      line    2
      column  label
      got     1099511627776
      wanted  at most 2147483647"
  `);
});

test("numbers with names of classes and the names themselves are the same classes", async () => {
  const label = [0n, 1n, 1n, 0n, 1n, 0n, 1n, 1n, 0n, 0n];
  const features = { label: { names: ["neg", "pos"], _type: "ClassLabel" } };
  const bytes = parquetWriteBuffer({
    columnData: [
      { name: "x", data: label.map(Number), type: "DOUBLE" },
      { name: "label", data: label, type: "INT64" },
    ],
    kvMetadata: [{ key: "huggingface", value: JSON.stringify({ info: { features } }) }],
  });
  const path = file("named.parquet", new Uint8Array(bytes));
  const { encoding, train, test: held } = await datasets.open(path);
  expect(encoding?.classes).toEqual(["neg", "pos"]);
  const again = await datasets.open(path, { encoding });
  expect([again.train.y, again.test.y]).toEqual([train.y, held.y]);
  const other = { ...encoding, classes: ["other", "pos", "neg"] };
  const turned = await datasets.open(path, { encoding: other });
  expect([...turned.train.y]).toEqual(Array.from(train.y, (y) => 2 - y));
  const texts = file("texts.csv", `x,label\n${label.map((y) => `${y},${y ? "pos" : "neg"}`).join("\n")}`);
  expect([...(await datasets.open(texts, { encoding })).train.y]).toEqual([...train.y]);
});

test("categories that look like numbers are read as they are written", async () => {
  const path = file("zip.csv", `zip,label\n${rows(20, (i) => `00${i % 4},${i % 2}`)}`);
  const first = await datasets.open(path, { categorical: ["zip"] });
  const again = await datasets.open(path, { encoding: first.encoding });
  expect([...again.train.x]).toEqual([...first.train.x]);
});

test("JSON Lines are UTF-8 as well", async () => {
  const lines = `{"x":1,"label":"e"}\n{"x":2,"label":"é"}\n`.repeat(9);
  const latin = datasets.open(file("latin.jsonl", Buffer.from(lines, "latin1")));
  expect(await refused(latin)).toMatch(/^the text is not UTF-8\n +file +\/latin.jsonl\n +line +2\n/);
});

const image = await sharp(new Uint8Array(48), { raw: { width: 4, height: 4, channels: 3 } })
  .png()
  .toBuffer();
const images = (root: string, ...classes: readonly string[]): string => {
  for (const name of classes) for (const i of [0, 1, 2]) file(`${root}/${name}/${i}.png`, image);
  return join(folder, root);
};

test("folders of images are the classes of their names, also where some are not there", async () => {
  const { encoding } = await datasets.open(images("three", "cat", "dog", "fox"));
  expect(encoding).toEqual({ classes: ["cat", "dog", "fox"] });
  const two = images("two", "Fox", "dog");
  const data = await datasets.open(two, { encoding });
  expect([data.classes, data.classNames, [...new Set(data.train.y)].sort()]).toEqual([
    3,
    ["cat", "dog", "fox"],
    [1, 2],
  ]);
  expect(data.encoding?.classes).toEqual(["cat", "dog", "Fox"]);
  expect(String(data.notes?.at(-1))).toMatch("the order of the model's outputs: cat, dog, fox");
  const told = await datasets.open(two, { classes: ["dog", "Fox"] });
  expect([told.classNames, told.train.y[0]]).toEqual([["dog", "Fox"], 1]);
  expect(await refused(datasets.open(images("odd", "cat", "owl"), { encoding }))).toMatch(
    /not those of the model\n +file +\/odd[\s\S]*not the model's +owl/,
  );
});

test("parts for testing without one for training are no classes", async () => {
  images("parts/test", "a", "b");
  images("parts/val", "a", "b");
  expect(await refused(datasets.open(join(folder, "parts")))).toMatchInlineSnapshot(`
    "the folder has no images for training
      folder  /parts
      got     test, val
      wanted  train
      fix     put a folder train beside it; or name a folder of classes itself, of which a share is drawn for testing"
  `);
});

test("what is missing has the mean of training also where nothing was missing then", async () => {
  const { encoding } = await datasets.open(file("whole.csv", `x,label\n${rows(20, (i) => `${i},${i % 2}`)}`));
  const holes = file("holes.csv", `x,label\n${rows(20, (i) => `${i % 5 ? i : ""},${i % 2}`)}`);
  const { train, test: held } = await datasets.open(holes, { encoding, missing: "mean" });
  expect([...train.x, ...held.x].filter((v) => v === 0)).toHaveLength(4);
});
