/** Tables of one's own as text, as a user has them: good ones, and each way in which they are not. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { datasets } from "../datasets.ts";
import type { OpenOptions } from "../reader.ts";

const folder = mkdtempSync(join(tmpdir(), "tables-"));
let made = 0;
const file = (content: string | Uint8Array, name = `t${made++}.csv`): string => {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
};
const refusal = (content: string | Uint8Array, options: OpenOptions = {}, name?: string): Promise<string> => {
  const path = file(content, name);
  return datasets.open(path, { labelColumns: ["label"], ...options }).then(
    () => "no error",
    (error: Error) => error.message.replaceAll(path, "FILE").replaceAll(folder, ""),
  );
};
const lines = (n: number, row: (i: number) => string): string => Array.from({ length: n }, (_, i) => row(i)).join("\n");
const flowers = `length,width,colour,species\n${lines(20, (i) => `${i / 4},${20 - i},${["red", "blue"][i % 2]},${["setosa", "virginica"][i % 2]}`)}\n`;

test("numbers are standardized by the training rows, categories spread, strings are classes; all of it is said and kept", async () => {
  const data = await datasets.open(file(flowers), { labelColumns: ["species"] });
  expect(data).toMatchObject({ shape: [4], classes: 2, classNames: ["setosa", "virginica"], label: "species" });
  expect([data.train.count, data.test.count]).toEqual([16, 4]);
  expect(data.notes?.map(String)).toMatchInlineSnapshot(`
    [
      "numbers, standardized by the training samples: length, width; categories: colour (2)",
      "species tells 2 classes apart: setosa, virginica",
      "4 of 20 rows are drawn for testing: testSplit",
    ]
  `);
  const { columns = [] } = data.encoding!;
  expect(columns.map(({ name }) => name)).toEqual(["length", "width", "colour"]);
  const column = (at: number) => Array.from({ length: 16 }, (_, i) => Number(data.train.x[4 * i + at]));
  for (const at of [0, 1]) {
    expect(column(at).reduce((a, b) => a + b) / 16).toBeCloseTo(0, 5);
    expect(column(at).reduce((a, b) => a + b * b, 0) / 16).toBeCloseTo(1, 5);
  }
  expect(column(2)).toEqual([...data.train.y]); // blue before red; red goes with setosa
  // Other samples by the same numbers: a single row is what it was among the others.
  const again = await datasets.open(file(flowers), { encoding: data.encoding, testSplit: 0.5 });
  const all = (of: typeof data) => [...of.train.x, ...of.test.x].map((v) => v.toFixed(4)).sort();
  expect(all(again)).toEqual(all(data));
  const plain = await datasets.open(file(flowers), { labelColumns: ["species"], encoding: null });
  expect(Math.max(...plain.train.x)).toBe(20);
});

test("quotes, BOM, CRLF, semicolons, tabs, gzip and a table without a header", async () => {
  const same = await datasets.open(file(flowers), { labelColumns: ["species"] });
  const quoted = flowers.replaceAll("red", '"red"').replaceAll("\n", "\r\n");
  const other: Readonly<Record<string, string | Uint8Array>> = {
    "quoted.csv": `\uFEFF${quoted}`,
    "semicolons.csv": flowers.replaceAll(",", ";"),
    "tabs.tsv": flowers.replaceAll(",", "\t"),
    "packed.csv.gz": gzipSync(flowers),
    "UPPER.CSV": flowers,
  };
  for (const [name, content] of Object.entries(other)) {
    const data = await datasets.open(file(content, name), { labelColumns: ["species"] });
    expect([name, [...data.train.x], data.classNames]).toEqual([name, [...same.train.x], same.classNames]);
  }
  const bare = await datasets.open(file(flowers.slice(flowers.indexOf("\n") + 1)), { labelColumns: ["c4"] });
  expect([...bare.train.x]).toEqual([...same.train.x]);
  expect(bare.notes?.map(String)[0]).toBe("the first row is no header; columns are called c1 … c4");
  const semicolon = await datasets.open(join(folder, "semicolons.csv"), { labelColumns: ["species"] });
  expect(semicolon.notes?.map(String)[0]).toBe('values are separated by ";"');
  const breaks = await datasets.open(
    file(`a,"the\nname",label\n${lines(10, (i) => `${i},"x,${i % 2}\n""y""",${i % 2}`)}`),
  );
  expect(breaks.encoding?.columns?.[1]).toEqual({ name: "the\nname", categories: ['x,0\n"y"', 'x,1\n"y"'] });
});

test("whole numbers as labels: classes from 0 on, others mapped, fractions to fit; several columns are several labels", async () => {
  const of = (row: (i: number) => string, options: OpenOptions = {}, head = "a,label") =>
    datasets.open(file(`${head}\n${lines(20, (i) => `${i},${row(i)}`)}`), options);
  expect(await of((i) => `${i % 3}`)).toMatchObject({ classes: 3 });
  expect(await of((i) => `${1 + (i % 3)}`)).toMatchObject({ classes: 3, classNames: ["1", "2", "3"] });
  expect(await of((i) => `${i % 2 ? 1 : -1}`)).toMatchObject({ classes: 2, classNames: ["-1", "1"] });
  expect(await of((i) => `${i / 8}`)).toMatchObject({ classes: null });
  expect(await of((i) => `${i % 3}`, { labelKind: "numbers" })).toMatchObject({ classes: null });
  const several = { labelColumns: ["p", "q"] };
  const multi = await of((i) => `${i % 2},${Number(i % 3 === 0)}`, several, "a,p,q");
  expect([multi.classes, multi.labelShape, multi.train.y.length]).toEqual([null, [2], 32]);
  expect(await of((i) => `${i % 2},${(i + 1) % 2}`, several, "a,p,q")).toMatchObject({
    classes: 2,
    classNames: ["p", "q"],
  });
});

test("a folder with tables by part: strings are the classes of training", async () => {
  mkdirSync(join(folder, "parts"));
  file("a,label\n1,x\n2,y\n3,x\n4,y\n", "parts/train.csv");
  file("a,label\n5,y\n", "parts/test.csv");
  const data = await datasets.open(join(folder, "parts"));
  expect([data.train.count, data.test.count, [...data.test.y], data.test.x[0]]).toEqual([
    4,
    1,
    [1],
    Math.fround(2.5 / Math.sqrt(1.25)),
  ]);
  expect((await datasets.info(join(folder, "parts"))).files).toHaveLength(2);
  file("a,label\n5,z\n", "parts/test.csv");
  expect(
    await datasets.open(join(folder, "parts")).catch((e) => e.message.replaceAll(folder, "")),
  ).toMatchInlineSnapshot(`
    "a class occurs among the test samples alone
      file    /parts/test.csv
      line    2
      column  label
      got     z
      wanted  x, y
      fix     put samples of it among those that are trained on, or name all classes by classes"
  `);
});

test("missing values are refused, filled or dropped", async () => {
  const holes = `a,b,label\n${lines(10, (i) => `${i === 3 ? "" : i},${i === 5 ? "NA" : "pq"[i % 2]},${i === 7 ? "?" : i % 2}`)}`;
  expect(await refusal(holes.replace("?", "1"))).toMatchInlineSnapshot(`
    "a value is missing
      file    FILE
      line    5
      column  a
      got     nothing
      wanted  a number
      fix     correct it, or say what becomes of such rows: missing mean or missing drop"
  `);
  expect(await refusal(holes, { missing: "mean" })).toMatchInlineSnapshot(`
    "a label is missing
      file    FILE
      line    9
      column  label
      fix     fill it in, or leave such rows out: missing drop"
  `);
  const data = await datasets.open(file(holes), { missing: "drop" });
  expect([data.train.count + data.test.count, String(data.notes?.at(-1))]).toEqual([
    7,
    "3 rows in which something is missing are left out",
  ]);
  const filled = await datasets.open(file(holes.replace("?", "1")), { missing: "mean" });
  expect(filled.train.count + filled.test.count).toBe(10);
  expect([...filled.train.x, ...filled.test.x].every(Number.isFinite)).toBe(true);
});

test("what is wrong in a table is named by file, line and column", async () => {
  const ten = lines(10, (i) => `${i},${i % 2}`);
  const late = lines(2000, (i) => `${i},${i % 2}`);
  expect({
    ragged: await refusal(`a,label\n${ten}\n1,2,3\n`),
    comma: await refusal(`a;label\n${ten.replaceAll(",", ";")}\n3,5;1\n`),
    thousands: await refusal(`a,label\n${ten}\n"1,234.5",1\n`),
    text: await refusal(`a,label\n${late}\nabc,1\n`),
    infinite: await refusal(`a,label\n${ten}\n1e99,1\n`),
    quote: await refusal(`a,label\n${ten}\n"open,1\n`),
    inside: await refusal(`a,label\n${ten}\n1,x"y"z\n`),
    twice: await refusal(`a,a,label\n1,2,0\n`),
    empty: await refusal(""),
    header: await refusal("a,label\n"),
    noLabel: await refusal(`a,b\n${ten}`, { labelColumns: undefined }),
    noColumn: await refusal(`a,label\n${ten}`, { labelColumns: ["lable"] }),
    names: await refusal(`a,label\n${lines(120, (i) => `person ${i},${i % 2}`)}`),
    label: await refusal(`a,label\n${lines(60, (i) => `${i},${i * 7}`)}`),
    delimiter: await refusal(`a,label\n${ten}`, { delimiter: "::" }),
    one: await refusal("a,label\n1,0\n"),
    tokens: await refusal(`a,label\n${ten}`, { digits: {} }),
    latin: await refusal(Buffer.from(`a,label\n${ten}\n1,é\n`, "latin1")),
    cut: await refusal(Buffer.from(`a,label\n${ten}\n1,é`).subarray(0, -1)),
    gzip: await refusal(`a,label\n${ten}`, {}, "bad.csv.gz"),
  }).toMatchInlineSnapshot(`
    {
      "comma": "a number is written with a comma
      file    FILE
      line    12
      column  a
      got     "3,5"
      wanted  a number
      fix     write numbers as 1234.5",
      "cut": "the text is not UTF-8
      file    FILE
      line    12
      wanted  UTF-8, or UTF-16 with a byte order mark
      fix     save it as UTF-8, for example by iconv -f latin1 -t utf-8",
      "delimiter": "the delimiter is not one character
      got     "::"
      wanted  one character, such as ; or a tab",
      "empty": "the table has no rows
      file  FILE
      got   an empty file",
      "gzip": "the gzip file is damaged or cut short
      file    FILE
      reason  incorrect header check
      fix     get the file again",
      "header": "the table has no rows
      file  FILE",
      "infinite": "a number is not finite in float32
      file    FILE
      line    12
      column  a
      got     1e+99
      wanted  a finite number",
      "inside": "the table cannot be read
      file    FILE
      line    12
      reason  Invalid Opening Quote: a quote is found on field 1 at line 12, value is "x"
      fix     double the quotes within a value: "a ""quoted"" word"",
      "label": "it cannot be told whether the labels are classes or numbers to fit
      file    FILE
      column  label
      got     60 different whole numbers among 60, from 0 to 413
      fix     say labelKind numbers, or labelKind classes",
      "latin": "the text is not UTF-8
      file    FILE
      line    12
      wanted  UTF-8, or UTF-16 with a byte order mark
      fix     save it as UTF-8, for example by iconv -f latin1 -t utf-8",
      "names": "a column of texts has more different values than categories have
      file    FILE
      line    2
      column  a
      got     120 different values, such as "person 0"
      wanted  at most 100
      fix     leave it out by skipColumns, or name it in categorical",
      "noColumn": "the data has no such column
      file    FILE
      got     lable
      wanted  a, label
      fix     did you mean label?",
      "noLabel": "it is not said which column holds the labels
      file  FILE
      got   a, b
      fix   name it by labelColumns, for example labelColumns b",
      "one": "the test fraction leaves a set empty
      file    FILE
      got     0.2 of 1 samples = 0
      wanted  at least one sample in each set",
      "quote": "the table cannot be read
      file    FILE
      line    12
      reason  Quote Not Closed: the parsing is finished with an opening quote at line 12
      fix     double the quotes within a value: "a ""quoted"" word"",
      "ragged": "a row has another number of values than there are columns
      file    FILE
      line    12
      got     3
      wanted  2
      fix     quote values that have the delimiter in them, or correct the row",
      "text": "a value is not what its column holds
      file    FILE
      line    2002
      column  a
      got     "abc"
      wanted  a number
      fix     correct it, or name the column in categorical or in skipColumns",
      "thousands": "a number is written with a comma
      file    FILE
      line    12
      column  a
      got     "1,234.5"
      wanted  a number
      fix     write numbers as 1234.5",
      "tokens": "a CSV or TSV file takes no digits
      data      FILE
      it takes  inputColumns, labelColumns, labelKind, classes, testSplit, images, preprocessing, preset, resize, crop, skipBroken, skipColumns, categorical, standardize, missing, text, delimiter, header
      fix       leave it out",
      "twice": "two columns have one name
      file  FILE
      got   a",
    }
  `);
});

test("a table beside its packed copy is refused: its rows would count twice", async () => {
  const folder = mkdtempSync(join(tmpdir(), "twice-"));
  const rows = `a,label\n${Array.from({ length: 20 }, (_, i) => `${i},${i % 2}`).join("\n")}\n`;
  writeFileSync(join(folder, "train.csv"), rows);
  writeFileSync(join(folder, "train-2.csv"), rows);
  expect((await datasets.open(folder)).train.count).toBe(32);
  for (const [other, content] of [
    ["train.csv.gz", gzipSync(rows)],
    ["train.tsv", rows.replaceAll(",", "\t")],
    ["data/train.csv", rows],
  ] as const) {
    mkdirSync(join(folder, "data"), { recursive: true });
    writeFileSync(join(folder, other), content);
    await expect(datasets.open(folder)).rejects.toThrow(/two files seem to hold the same rows[\s\S]*train\.(csv|tsv)/);
    rmSync(join(folder, other));
  }
});
