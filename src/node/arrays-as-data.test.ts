/** Arrays of one's own: .npz and .npy files, what their labels are, and options that a reader takes or refuses. */
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { zipSync } from "fflate";
import { expect, test } from "vitest";
import type { Dataset } from "../data/dataset.ts";
import { fromColumns } from "../data/from-columns.ts";
import { datasets } from "./datasets.ts";

const folder = mkdtempSync(join(tmpdir(), "arrays-"));

/** An .npy file of float32, or of int64 where all are whole and nothing else is said. */
function npy(values: readonly number[], shape: readonly number[], kind: "<i8" | "<f4" = "<i8"): Uint8Array {
  const dims = shape.length === 1 ? `${shape[0]},` : shape.join(", ");
  const head = `{'descr': '${kind}', 'fortran_order': False, 'shape': (${dims}), }`.padEnd(117, " ");
  const data = kind === "<i8" ? BigInt64Array.from(values, BigInt) : Float32Array.from(values);
  return Buffer.concat([
    Buffer.from("\x93NUMPY\x01\x00", "latin1"),
    Uint8Array.of(118, 0),
    Buffer.from(`${head}\n`, "latin1"),
    Buffer.from(data.buffer),
  ]);
}
const x = (n: number) =>
  npy(
    Array.from({ length: 2 * n }, (_, i) => i / 2),
    [n, 2],
    "<f4",
  );
const file = (name: string, content: Uint8Array): string => {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
};
const npz = (name: string, arrays: Readonly<Record<string, Uint8Array>>): string =>
  file(name, zipSync(Object.fromEntries(Object.entries(arrays).map(([key, bytes]) => [`${key}.npy`, bytes]))));
const message = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => "no error",
    (error: Error) => error.message.replaceAll(folder, ""),
  );
const cycle = <T>(values: readonly T[], n = 10): T[] => Array.from({ length: n }, (_, i) => values[i % values.length]);

test("an .npz file by any spelling of its ending", async () => {
  const data = await datasets.open(npz("UPPER.NPZ", { x: x(10), y: npy(cycle([0, 1]), [10]) }));
  expect([data.classes, data.train.count, data.test.count, data.notes?.map(String)]).toEqual([
    2,
    8,
    2,
    ["2 of 10 samples are drawn for testing: testSplit"],
  ]);
  expect((await datasets.open(join(folder, "UPPER.NPZ"), { testSplit: 0.5 })).test.count).toBe(5);
});

test(".npy files beside each other, by one of them or by their folder", async () => {
  mkdirSync(join(folder, "pair"));
  for (const [name, bytes] of [
    ["x_train", x(6)],
    ["y_train", npy(cycle([0, 1, 2], 6), [6])],
    ["x_test", x(3)],
    ["y_test", npy([2, 1, 0], [3])],
  ] as const)
    file(`pair/${name}.npy`, bytes);
  const whole = await datasets.open(join(folder, "pair"));
  expect([whole.classes, whole.train.count, whole.test.count, [...whole.test.y]]).toEqual([3, 6, 3, [2, 1, 0]]);
  const one = await datasets.open(join(folder, "pair/x_train.npy"));
  const unnamed = (data: Dataset) => {
    const { name: _, train, test, ...rest } = data;
    return { ...rest, train: { ...train, origin: train.origin?.(1) }, test: { ...test, origin: test.origin?.(1) } };
  };
  const file1 = join(folder, "pair/x_train.npy");
  expect(unnamed(one)).toEqual({
    ...unnamed(whole),
    train: { ...whole.train, origin: { file: file1, sample: 1 } },
    test: { ...whole.test, origin: { file: file1, sample: 1 } },
  });
  expect((await datasets.info(join(folder, "pair/x_train.npy"))).files).toHaveLength(4);
  file("single.npy", x(6));
  file("other.npy", x(9));
  expect((await datasets.info(join(folder, "single.npy"))).files.map(({ path }) => path)).toEqual([
    join(folder, "single.npy"),
  ]);
});

test("labels 1 … K, and with negative ones, get classes from 0 on, which is said and kept", async () => {
  const from1 = await datasets.open(npz("from1.npz", { x: x(10), y: npy(cycle([1, 2, 3]), [10]) }));
  expect([from1.classes, from1.classNames, from1.encoding]).toEqual([3, ["1", "2", "3"], { classes: ["1", "2", "3"] }]);
  expect([Math.min(...from1.train.y), Math.max(...from1.train.y)]).toEqual([0, 2]);
  expect(from1.notes?.map(String)).toEqual([
    "the labels 1, 2, 3 are taken as the classes 0, 1, 2",
    "2 of 10 samples are drawn for testing: testSplit",
  ]);
  const signs = await datasets.open(npz("signs.npz", { x: x(10), y: npy(cycle([1, -1]), [10]) }));
  expect([signs.classes, signs.classNames]).toEqual([2, ["-1", "1"]]);
  // For a model that records nothing they are its own numbers; for one that does, those that it was trained with.
  expect((await datasets.open(join(folder, "from1.npz"), { encoding: null })).classes).toBe(4);
  const two = npz("two.npz", { x: x(10), y: npy(cycle([2, 3]), [10]) });
  expect([...(await datasets.open(two, { encoding: from1.encoding! })).test.y].every((y) => y > 0)).toBe(true);
  expect(await message(datasets.open(two, { classes: ["1", "2"] }))).toMatchInlineSnapshot(`
    "a label is none of the classes
      file    /two.npz
      column  y
      at      train, sample 1
      got     3
      wanted  1, 2
      fix     name all that there are by classes, or correct the label"
  `);
});

test("rows with a single 1 are classes, unless said otherwise; rows of one label are labels", async () => {
  const rows = Array.from({ length: 10 }, (_, i) =>
    [i % 3, (i + 1) % 3, (i + 2) % 3].map((v) => Number(v === 0)),
  ).flat();
  const path = npz("one-hot.npz", { x: x(10), y: npy(rows, [10, 3], "<f4") });
  const data = await datasets.open(path);
  expect([data.classes, data.labelShape, data.train.y.length]).toEqual([3, [], 8]);
  expect(data.notes?.map(String)).toMatchInlineSnapshot(`
    [
      "the labels have a single 1 in each row of 3: they are taken as 3 classes. labelKind numbers takes them as they are",
      "2 of 10 samples are drawn for testing: testSplit",
    ]
  `);
  for (const options of [{ labelKind: "numbers" }, { expects: "numbers" }] as const) {
    const fitted = await datasets.open(path, options);
    expect([fitted.classes, fitted.train.y.length, fitted.notes?.length]).toEqual([null, 24, 1]);
  }
  const column = await datasets.open(npz("column.npz", { x: x(10), y: npy(cycle([0, 1]), [10, 1]) }));
  expect([column.classes, column.labelShape]).toEqual([2, []]);
  const floats = await datasets.open(npz("floats.npz", { x: x(10), y: npy(cycle([0.5, 1]), [10, 1], "<f4") }));
  expect([floats.classes, floats.labelShape]).toEqual([null, [1]]);
});

test("labels that cannot be what they are said to be, or that can be two things, are refused", async () => {
  const many = Array.from({ length: 60 }, (_, i) => 3 * i);
  expect({
    fractions: await message(
      datasets.open(npz("f.npz", { x: x(10), y: npy(cycle([0, 0.5]), [10], "<f4") }), { labelKind: "classes" }),
    ),
    several: await message(
      datasets.open(npz("s.npz", { x: x(5), y: npy(cycle([0, 1, 1]), [5, 2]) }), { labelKind: "classes" }),
    ),
    many: await message(datasets.open(npz("m.npz", { x: x(60), y: npy(many, [60]) }))),
    testAlone: await message(
      datasets.open(npz("t.npz", { x: x(4), y: npy([1, 2, 1, 2], [4]), x_test: x(3), y_test: npy([1, 3, 2], [3]) })),
    ),
  }).toMatchInlineSnapshot(`
    {
      "fractions": "a label is no class
      file    /f.npz
      column  y
      at      train, sample 1
      got     0.5
      wanted  a whole number
      fix     to fit numbers, say labelKind numbers",
      "many": "it cannot be told whether the labels are classes or numbers to fit
      file    /m.npz
      column  y
      got     60 different whole numbers among 60, from 0 to 177
      fix     say labelKind numbers, or labelKind classes",
      "several": "the labels are no classes, one a sample
      file    /s.npz
      column  y
      got     [2] a sample
      wanted  one label a sample, or rows with a single 1
      fix     several labels a sample are fitted with labelKind numbers and a loss such as binaryCrossEntropy",
      "testAlone": "a class occurs among the test samples alone
      file    /t.npz
      column  y
      at      test, sample 1
      got     3
      wanted  1, 2
      fix     put samples of it among those that are trained on, or name all classes by classes",
    }
  `);
});

test("a damaged array is found by the zip's checksum", async () => {
  const bytes = zipSync({ "x.npy": [x(10), { level: 0 }], "y.npy": [npy(cycle([0, 1]), [10]), { level: 0 }] });
  bytes[140] ^= 1;
  expect(await message(datasets.open(file("flipped.npz", bytes)))).toMatchInlineSnapshot(`
    "an array is damaged: its checksum is not the zip's
      file    /flipped.npz: x.npy
      got     44c71137
      wanted  4c1cc4fc
      fix     get the file again"
  `);
});

test("an option that a reader does not take is refused by its name, and so is a column that is not there", async () => {
  const path = npz("plain.npz", { x: x(10), y: npy(cycle([0, 1]), [10]) });
  expect({
    name: await message(datasets.open("digits", { testSplit: 0.5 })),
    npz: await message(datasets.open(path, { digits: {} })),
    column: await message(datasets.open(path, { labelColumns: ["yy"] })),
    kind: await message(datasets.open(path, { labelKind: "class" as "classes" })),
    share: await message(datasets.open(path, { testSplit: 2 })),
    file: await message(datasets.open(file("data.xlsx", new Uint8Array(9)))),
    lengths: await message(datasets.open(npz("l.npz", { x: x(9), y: npy(cycle([0, 1]), [10]) }))),
  }).toMatchInlineSnapshot(`
    {
      "column": "the data has no such column
      file    /plain.npz
      got     yy
      wanted  x, y
      fix     did you mean y?",
      "file": "no reader knows this kind of file
      file    /data.xlsx
      wanted  .npz; .npy; .csv, .tsv, .csv.gz, .tsv.gz; .parquet, .jsonl, .ndjson; .js, .mjs, .cjs, .ts, .mts, .cts
      fix     name it by what it holds, or give a module that reads it",
      "kind": "datasets.open wants one of classes, numbers, places
      argument  labelKind
      got       "class"
      wanted    one of classes, numbers, places",
      "lengths": "columns differ in length
      file    /l.npz
      column  y
      got     10
      wanted  9, as x has",
      "name": "the drawn data set digits takes no testSplit
      data      digits
      it takes  root, digits
      fix       leave it out",
      "npz": "an .npz file takes no digits
      data      /plain.npz
      it takes  inputColumns, labelColumns, labelKind, classes, testSplit
      fix       leave it out",
      "share": "datasets.open wants a number in (0, 1)
      argument  testSplit
      got       2
      wanted    a number in (0, 1)",
    }
  `);
});

test("classes of a label that is not there are refused", () => {
  expect(() => fromColumns({ inputs: { x: [[1], [2]] }, labels: { y: [0, 1] } }, { classes: { z: 2 } })).toThrow(
    "classes are given of a label that there is not",
  );
});

/** An .npy file of texts, each of `width` characters of UTF-32. */
function texts(values: readonly string[], width: number): Uint8Array {
  const head = `{'descr': '<U${width}', 'fortran_order': False, 'shape': (${values.length},), }`.padEnd(117, " ");
  const codes = values.flatMap((text) => {
    const own = Array.from(text, (c) => c.codePointAt(0)!);
    return [...own, ...new Array<number>(width - own.length).fill(0)];
  });
  return Buffer.concat([
    Buffer.from("\x93NUMPY\x01\x00", "latin1"),
    Uint8Array.of(118, 0),
    Buffer.from(`${head}\n`, "latin1"),
    Buffer.from(Uint32Array.from(codes).buffer),
  ]);
}

test("labels that are names are classes of these names", async () => {
  const names = cycle(["Käfer", "ant", "日本"]);
  const own = { x_train: x(10), Y_train: texts(names, 6), x_test: x(1), Y_test: texts(["日本"], 2) };
  const data = await datasets.open(npz("names.npz", own));
  expect(data).toMatchObject({ label: "Y", classes: 3, classNames: ["Käfer", "ant", "日本"] });
  expect([[...data.train.y].slice(0, 4), [...data.test.y]]).toEqual([[0, 1, 2, 0], [2]]);
  expect(data.notes?.map(String)).toContain("Y tells 3 classes apart: Käfer, ant, 日本");
  expect(await message(datasets.open(npz("new.npz", { ...own, Y_test: texts(["bee"], 3) })))).toMatch(
    /occurs among the test samples alone[\s\S]*new.npz: Y_test.npy[\s\S]*sample +0[\s\S]*bee/,
  );
  expect(await message(datasets.open(npz("mixed.npz", { ...own, Y_test: npy([1], [1]) })))).toMatch(
    /one name a sample in all parts[\s\S]*mixed.npz: Y_test.npy[\s\S]*numbers/,
  );
  expect(await message(datasets.open(npz("words.npz", { x: texts(names, 6), y: npy(cycle([0, 1]), [10]) })))).toMatch(
    /an array of texts is no input[\s\S]*words.npz: x.npy/,
  );
});
