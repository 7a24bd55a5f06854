/** Parquet and JSON Lines: columns by name and type, and Hugging Face's data sets as they lie on disk. */
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ColumnSource, parquetWriteBuffer } from "hyparquet-writer";
import { expect, test } from "vitest";
import { EspalierError } from "../../error.ts";
import { datasets } from "../datasets.ts";
import type { OpenOptions } from "../reader.ts";

const folder = mkdtempSync(join(tmpdir(), "parquet-"));
const file = (name: string, content: string | Uint8Array): string => {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
};
const count = 20;
const list = <T>(make: (i: number) => T): T[] => Array.from({ length: count }, (_, i) => make(i));
const parquet = (name: string, columns: readonly ColumnSource[], names?: readonly string[]): string => {
  const features = { label: { names, _type: "ClassLabel" } };
  const kvMetadata = names ? [{ key: "huggingface", value: JSON.stringify({ info: { features } }) }] : [];
  return file(name, new Uint8Array(parquetWriteBuffer({ columnData: [...columns], rowGroupSize: 7, kvMetadata })));
};
const column = (name: string, data: readonly unknown[], type: ColumnSource["type"]): ColumnSource => ({
  name,
  data: [...data],
  type,
});
const refusal = (path: string, options: OpenOptions = {}): Promise<string> =>
  datasets.open(path, options).then(
    () => "no error",
    (error: Error) => error.message.replaceAll(folder, "").replace(/reason {2}Expected property.*/, "reason  …"),
  );

const age = column(
  "age",
  list((i) => i / 2),
  "DOUBLE",
);
const town = column(
  "town",
  list((i) => ["Bern", "Genf"][i % 2]),
  "STRING",
);
const label = column(
  "label",
  list((i) => BigInt(i % 3)),
  "INT64",
);

test("columns of numbers, texts and whole numbers, in groups of rows; names of classes are the file's", async () => {
  const path = parquet("a.parquet", [age, town, label], ["cat", "dog", "owl", "yak"]);
  const data = await datasets.open(path);
  expect(data).toMatchObject({ shape: [3], classes: 4, classNames: ["cat", "dog", "owl", "yak"] });
  const csv = file(
    "a.csv",
    `age,town,label\n${list((i) => `${i / 2},${["Bern", "Genf"][i % 2]},${i % 3}`).join("\n")}`,
  );
  const jsonl = file(
    "a.jsonl",
    list((i) => JSON.stringify({ age: i / 2, town: ["Bern", "Genf"][i % 2], label: i % 3 })).join("\n"),
  );
  for (const other of [csv, jsonl]) {
    const same = await datasets.open(other);
    expect([[...same.train.x], [...same.train.y], same.classes]).toEqual([[...data.train.x], [...data.train.y], 3]);
  }
});

test("lists are inputs of their names: tokens stay whole, vectors are numbers", async () => {
  const rows = list((i) => ({ ids: [i, 1, 2, 3], mask: [1, 1, 1, 0], score: i, label: i % 2 }));
  const data = await datasets.open(file("lists.jsonl", rows.map((row) => JSON.stringify(row)).join("\n")));
  const shapes = Object.fromEntries(Object.entries(data.more ?? {}).map(([name, { shape }]) => [name, shape]));
  expect({ [data.input!]: data.shape, ...shapes }).toEqual({ x: [1], ids: [4], mask: [4] });
  const vectors = await datasets.open(
    parquet("v.parquet", [
      column(
        "v",
        list((i) => [i, 0.5]),
        "JSON",
      ),
      label,
    ]),
  );
  expect([vectors.input, vectors.shape, vectors.train.x.constructor]).toEqual(["v", [2], Float32Array]);
});

test("a folder as Hugging Face keeps it", async () => {
  mkdirSync(join(folder, "hub/data"), { recursive: true });
  parquet("hub/data/train-00000-of-00002.parquet", [age, label]);
  parquet("hub/data/train-00001-of-00002.parquet", [age, label]);
  parquet("hub/data/validation-00000-of-00001.parquet", [age, label]);
  parquet("hub/data/test-00000-of-00001.parquet", [age, label]);
  file(
    "hub/dataset_info.json",
    JSON.stringify({ features: { label: { names: ["a", "b", "c"], _type: "ClassLabel" } } }),
  );
  const data = await datasets.open(join(folder, "hub"));
  expect([data.train.count, data.test.count, data.val?.count, data.classNames]).toEqual([40, 20, 20, ["a", "b", "c"]]);
});

test("what is wrong is named by file, row and column", async () => {
  const good = readFileSync(parquet("good.parquet", [age, label]));
  const cut = good.subarray(0, good.length - 9);
  const flipped = Uint8Array.from(good).fill(255, 8, 60);
  const jsonl = (name: string, ...lines: string[]) => file(name, lines.join("\n"));
  const row = '{"a": 1, "label": 0}';
  expect({
    type: await refusal(
      parquet("type.parquet", [
        column(
          "age",
          list(() => new Date(0)),
          "TIMESTAMP",
        ),
        label,
      ]),
    ),
    late: await refusal(jsonl("late.jsonl", row, row, '{"a": {"b": 1}, "label": 1}')),
    word: await refusal(jsonl("word.jsonl", ...list(() => row), '{"a": "one", "label": 1}')),
    json: await refusal(jsonl("json.jsonl", row, "{a: 1}")),
    array: await refusal(jsonl("array.jsonl", "[1, 2]")),
    key: await refusal(jsonl("key.jsonl", row, '{"b": 1, "label": 0}')),
    ragged: await refusal(jsonl("ragged.jsonl", '{"a": [1, 2], "label": 0}', '{"a": [1], "label": 0}')),
    missing: await refusal(
      parquet("null.parquet", [
        column(
          "age",
          list((i) => (i === 9 ? null : i)),
          "DOUBLE",
        ),
        label,
      ]),
    ),
    label: await refusal(
      parquet("l.parquet", [
        age,
        column(
          "label",
          list((i) => i / 2),
          "DOUBLE",
        ),
      ]),
      { labelKind: "classes" },
    ),
    cut: await refusal(file("cut.parquet", cut)),
    flipped: await refusal(file("flipped.parquet", flipped)),
    other: await refusal(file("other.parquet", "PAR1 and nothing else")),
    tiny: await refusal(file("tiny.parquet", "")),
    none: await refusal(join(folder, "none.parquet")),
    option: await refusal(parquet("o.parquet", [age, label]), { delimiter: ";" }),
  }).toMatchInlineSnapshot(`
    {
      "array": "a line is no object
      file    /array.jsonl
      line    1
      got     a list of 2
      wanted  {"column": value, …}",
      "cut": "the file is no Parquet, damaged or of a kind that cannot be read
      file    /cut.parquet
      reason  parquet file invalid (footer != PAR1)
      fix     get the file again, or write it with pyarrow or pandas",
      "flipped": "the file is no Parquet, damaged or of a kind that cannot be read
      file    /flipped.parquet
      reason  a header of a page has a field of type 15
      fix     get the file again, or write it with pyarrow or pandas",
      "json": "a line is not JSON
      file    /json.jsonl
      line    2
      reason  …
      fix     write one object a line",
      "key": "a line has a key that the first one has not
      file    /key.jsonl
      line    2
      got     b
      wanted  a, label
      fix     give every line the same keys; null is missing",
      "label": "a label is no class
      file    /l.parquet
      row     2
      column  label
      got     0.5
      wanted  a whole number
      fix     to fit numbers, say labelKind numbers",
      "late": "a value is not what its column holds
      file    /late.jsonl
      line    3
      column  a
      got     an object
      wanted  text or a number
      fix     correct it, or name the column in skipColumns",
      "missing": "a value is missing
      file    /null.parquet
      row     10
      column  age
      got     nothing
      wanted  a number
      fix     correct it, or say what becomes of such rows: missing mean or missing drop",
      "none": "there is no such file
      file  /none.parquet",
      "option": "a table in a file takes no delimiter
      data      /o.parquet
      it takes  inputColumns, labelColumns, labelKind, classes, testSplit, images, preprocessing, preset, resize, crop, skipBroken, skipColumns, categorical, standardize, missing, text
      fix       leave it out",
      "other": "the file is no Parquet, damaged or of a kind that cannot be read
      file    /other.parquet
      reason  parquet file invalid (footer != PAR1)
      fix     get the file again, or write it with pyarrow or pandas",
      "ragged": "lists of a column differ
      file    /ragged.jsonl
      line    2
      column  a
      got     [1]
      wanted  [2] numbers, as the first row has
      fix     fill them up to one length, or leave the rows out; tags of words want a tokenizer: tokenizer",
      "tiny": "the file is no Parquet, damaged or of a kind that cannot be read
      file    /tiny.parquet
      reason  Offset is outside the bounds of the DataView
      fix     get the file again, or write it with pyarrow or pandas",
      "type": "a column holds times, which are neither numbers nor categories
      file    /type.parquet
      row     1
      column  age
      got     the time 1970-01-01T00:00:00.000Z
      wanted  text or a number
      fix     write them as numbers that mean something to the model, such as days since the first, or name the column in skipColumns",
      "word": "a value is not what its column holds
      file    /word.jsonl
      line    21
      column  a
      got     "one"
      wanted  a number
      fix     correct it, or name the column in categorical or in skipColumns",
    }
  `);
});

test("files of one table that number their classes otherwise are refused", async () => {
  mkdirSync(join(folder, "mixed/data"), { recursive: true });
  parquet("mixed/data/train-00000-of-00002.parquet", [age, label], ["a", "b", "c"]);
  parquet("mixed/data/train-00001-of-00002.parquet", [age, label], ["c", "b", "a"]);
  const said = await refusal(join(folder, "mixed"));
  expect(said).toContain("two files of a table have other classes, or the same in another order");
  expect(said).toMatch(/train-00001-of-00002.*\n +column +label\n +got +c, b, a\n +wanted +a, b, c, as .*train-00000/);
  parquet("mixed/data/train-00001-of-00002.parquet", [age, label], ["a", "b", "c"]);
  expect((await datasets.open(join(folder, "mixed"))).classNames).toEqual(["a", "b", "c"]);
});

test("a damaged header of a page is refused or read, but never looped over", async () => {
  const good = readFileSync(parquet("headers.parquet", [age, label]));
  const ways = [0, 1, 0x15, 0x2c, 0x7f, 0xff];
  for (let at = 4; at < 40; at++)
    for (const byte of ways) {
      const bytes = Uint8Array.from(good);
      bytes[at] = byte;
      const path = join(folder, "header.parquet");
      writeFileSync(path, bytes);
      await datasets.open(path).catch((error) => expect(error, `${byte} at ${at}`).toBeInstanceOf(EspalierError));
    }
});

test("a damaged record of the columns is refused where a column is asked for by name", async () => {
  const good = readFileSync(parquet("footer.parquet", [age, label]));
  const start = good.length - 8 - good.readUInt32LE(good.length - 8);
  for (let at = start; at < good.length - 8; at++)
    for (const byte of [0, 0x15]) {
      const bytes = Uint8Array.from(good);
      bytes[at] = byte;
      const path = join(folder, "record.parquet");
      writeFileSync(path, bytes);
      const refusal = await datasets.open(path, { inputColumns: ["height"] }).catch((error) => error);
      expect(refusal, `${byte} at ${at}: ${refusal}`).toBeInstanceOf(EspalierError);
    }
});
