import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { datasets } from "./datasets.ts";

const folder = mkdtempSync(join(tmpdir(), "data-module-"));
const file = (name: string, content: string): string => {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
};
const opened = (name: string, content: string) => datasets.open(file(`${name}.mjs`, content));
const message = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => "no error",
    (error: Error) => error.message.replaceAll(folder, ""),
  );
const LENGTH = "const length = 10; const sample = (i) => ({ x: [i, 0.5], y: i % 2 });";

test("arrays, columns, lists and sequences of samples are one data set", async () => {
  const list = "Array.from({ length }, (_, i) => sample(i))";
  const columns = await opened(
    "columns",
    `${LENGTH} export default { inputs: { x: ${list}.map((s) => s.x) }, labels: { y: ${list}.map((s) => s.y) }, name: "d" };`,
  );
  const sequence =
    "{ length, name: 'd', async *[Symbol.asyncIterator]() { for (let i = 0; i < length; i++) yield sample(i); } }";
  expect(await opened("sequence", `${LENGTH} export default () => (${sequence});`)).toEqual(columns);
  const { name: _, ...nameless } = await opened("list", `${LENGTH} export default ${list};`);
  expect(columns).toMatchObject(nameless);
  const arrays = await opened(
    "arrays",
    `${LENGTH} export default { x: ${list}.map((s) => s.x), y: ${list}.map((s) => s.y) };`,
  );
  expect([[...arrays.train.x], [...arrays.train.y]]).toEqual([[...columns.train.x], [...columns.train.y]]);
  const named = await opened(
    "named",
    `${LENGTH} export const x = ${list}.map((s) => s.x); export const y = ${list}.map((s) => s.y);`,
  );
  expect({ ...named, name: "" }).toEqual({ ...arrays, name: "" });
});

test("what is wrong is named by file and sample", async () => {
  const wrong: Readonly<Record<string, string>> = {
    ragged: "export default Array.from({ length }, (_, i) => (i === 9 ? { x: [1], y: 0 } : sample(i)));",
    short: "export default { length, *[Symbol.iterator]() { for (let i = 0; i < 8; i++) yield sample(i); } };",
    endless: "export default (async function* () { for (;;) yield sample(1); })();",
    negative: "export default { inputs: { x: [[1], [2], [3], [4]] }, labels: { y: [1, 2, -1, 2] } };",
    nothing: "export const one = 1;",
    option: "export default { x: [[1], [2]], y: [0, 1], classNmaes: ['a', 'b'] };",
    text: "export default { x: [['a'], ['b']], y: [0, 1] };",
  };
  const said = await Promise.all(
    Object.entries(wrong).map(async ([name, content]) => message(opened(name, `${LENGTH}\n${content}`))),
  );
  expect(said.join("\n")).toMatchInlineSnapshot(`
    "samples differ in shape or in kind
      data    /ragged.mjs
      part    train
      sample  9
      column  x
      got     Int32Array [1]
      wanted  Float32Array [2], as the first sample has
      fix     bring all samples to one shape before they are given
    there are fewer samples than was said
      data    /short.mjs
      part    train
      sample  8
      got     8
      wanted  10, the length
      fix     correct length
    the module exports no data set
      file    /endless.mjs
      got     an object
      wanted  a data set, { x, y }, { inputs, labels }, samples (a list, an iterable with a length, or { length, at(index) }), or a function that gives one of these
      fix     say how many samples come: { length, [Symbol.asyncIterator]() { … } }
    a label is out of range
      file    /negative.mjs
      at      y[2]
      got     -1
      wanted  0 … 2
    the module exports no data set
      file    /nothing.mjs
      got     Object
      wanted  a data set, { x, y }, { inputs, labels }, samples (a list, an iterable with a length, or { length, at(index) }), or a function that gives one of these
      fix     export it by default, export default …, or its parts by their names, export const x, y
    the module exports what no data set has
      file    /option.mjs
      got     classNmaes
      wanted  x, y, name, classes, test, val, seed, augment, shape, classNames, mean, std
    not an array of numbers
      file    /text.mjs
      at      x[0][0]
      got     string
      wanted  a number or an array"
  `);
});
