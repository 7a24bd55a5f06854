import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { zipSync } from "fflate";
import { expect, test } from "vitest";
import { datasets } from "./datasets.ts";

const fixture = (name: string) => join(import.meta.dirname, "../../test/fixtures/npz", name);
const folder = mkdtempSync(join(tmpdir(), "own-data-"));
const file = (name: string, content: string | Uint8Array): string => {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
};
const message = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => "no error",
    (error: Error) => error.message.replaceAll(folder, "").replaceAll(fixture(""), ""),
  );

test("an .npz file of columns: whole numbers are tokens, labels classes", async () => {
  const data = await datasets.open(fixture("columns.npz"));
  expect(data).toMatchObject({ shape: [8], input: "input_ids", label: "labels", classes: 3, labelShape: [] });
  expect(data.more).toEqual({ attention_mask: { is: "input", shape: [8] } });
  expect([data.train.count, data.test.count]).toEqual([32, 8]);
  expect(data.train.x).toBeInstanceOf(Int32Array);
  expect(data.train.more?.["attention_mask"]).toBeInstanceOf(Int32Array);
  const first = Array.from({ length: 32 }, (_, i) => data.train.x[8 * i] % 3);
  expect([...data.train.y]).toEqual(first); // rows stayed together
  for await (const { x, y, more } of data.batches!(data.train, { shape: [8], batchSize: 20, seed: 1 })) {
    expect(Array.from(y, (_, i) => x[8 * i] % 3)).toEqual([...y]);
    expect(more?.["attention_mask"].length).toBe(x.length);
  }
});

test("images with samples of their own for testing are normalized by the training samples", async () => {
  const data = await datasets.open(fixture("images.npz"));
  expect(data).toMatchObject({ shape: [1, 4, 4], classes: 3 });
  expect([data.train.count, data.test.count, data.mean?.length]).toEqual([12, 6, 1]);
  expect((await datasets.info(fixture("images.npz"))).files).toHaveLength(1);
});

test("labels of several outputs are named", async () => {
  const data = await datasets.open(fixture("outputs.npz"));
  expect(data).toMatchObject({ input: "x", shape: [3], label: "logits", classes: 2 });
  expect(data.more).toEqual({ boxes: { is: "label", shape: [4], classes: null } });
  expect(data.train.x).toBeInstanceOf(Float32Array);
});

test("what is no such file is refused by what is wrong with it", async () => {
  expect(await message(datasets.open(fixture("wrong.npz")))).toMatchInlineSnapshot(`
    "the array cannot be read
      file    /wrong.npz: x.npy
      field   fortran_order
      got     True
      wanted  False
      fix     save numpy.ascontiguousarray(array)"
  `);
  expect(await message(datasets.open(file("no.npz", "PK what")))).toMatchInlineSnapshot(`
    "the file is no zip, damaged or cut short
      file    /no.npz
      got     invalid zip data
      wanted  an .npz file as numpy.savez writes it"
  `);
  expect(await message(datasets.open(file("empty.npz", zipSync({}))))).toMatchInlineSnapshot(`
    "the file has no training samples
      file  /empty.npz
      got   no arrays
      fix   save with numpy.savez(path, x=…, y=…), or with the names of the model's inputs"
  `);
  expect(
    await message(datasets.open(file("text.npz", zipSync({ "x.npy": new TextEncoder().encode("hello") })))),
  ).toMatchInlineSnapshot(`
    "the array cannot be read
      file    /text.npz: x.npy
      field   the first six bytes
      got     "hello"
      wanted  \\x93NUMPY"
  `);
  expect(await message(datasets.open(join(folder, "none.npz")))).toMatchInlineSnapshot(`
    "there is no such file
      file  /none.npz"
  `);
  expect(await message(datasets.open(join(folder, "none.mjs")))).toMatchInlineSnapshot(`
    "there is no such file of data
      file  /none.mjs
      fix   check the path"
  `);
});

test("a module exports columns, a data set, or a function that makes one", async () => {
  const columns = "{ inputs: { ids: [[1, 2], [3, 4], [0, 1], [2, 2], [1, 1]] }, labels: { y: [0, 1, 1, 0, 1] } }";
  const data = await datasets.open(file("columns.mjs", `export default ${columns};`));
  expect(data).toMatchObject({ shape: [2], classes: 2, input: "ids" });
  const later = await datasets.open(file("later.mjs", `export default async () => (${columns});`));
  expect({ ...later, name: "" }).toEqual({ ...data, name: "" });
  expect(await message(datasets.open(file("none.mjs", "export const x = 1;")))).toMatch(
    "the module exports no data set",
  );
  expect(await message(datasets.open(file("wrong.mjs", "throw new Error('no database');")))).toMatchInlineSnapshot(`
    "the module of the data cannot be run
      file    /wrong.mjs
      reason  no database
      fix     run it with node by itself first; it exports a data set, or a function that makes one, by default"
  `);
});
