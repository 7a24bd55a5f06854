import { expect, test } from "vitest";
import { batches } from "./batches.ts";
import { fromColumns } from "./from-columns.ts";
import { fromSamples } from "./from-samples.ts";
import type { GivenSample, GivenSamples } from "./sample-columns.ts";

const pixel = (i: number, k: number) => (i * 37 + k * 11) % 256;
const sample = (i: number): GivenSample => ({
  x: { data: Uint8Array.from({ length: 12 }, (_, k) => pixel(i, k)), shape: [3, 2, 2] },
  y: i % 3,
});
const count = 30;
const kept = fromColumns({
  inputs: {
    x: { data: Uint8Array.from({ length: 12 * count }, (_, k) => pixel(Math.floor(k / 12), k % 12)), shape: [3, 2, 2] },
  },
  labels: { y: Array.from({ length: count }, (_, i) => i % 3) },
});
const message = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => "no error",
    (error: Error) => error.message,
  );

test("a list, an iterable and an async one are the arrays that they hold", async () => {
  const list = Array.from({ length: count }, (_, i) => sample(i));
  const later: GivenSamples = {
    length: count,
    async *[Symbol.asyncIterator]() {
      for (let i = 0; i < count; i++) yield sample(i);
    },
  };
  expect(await fromSamples(list)).toEqual(kept);
  expect(await fromSamples(later)).toEqual(kept);
});

test("samples with at are read when they are wanted, to the same batches", async () => {
  let asked = 0;
  const lazy: GivenSamples = {
    length: count,
    at: async (i) => {
      asked++;
      return sample(i);
    },
  };
  const data = await fromSamples(lazy, { test: 0.2 });
  expect(data.train.x).toHaveLength(0);
  expect([...data.train.y, ...data.test.y]).toEqual([...kept.train.y, ...kept.test.y]);
  expect(data.mean).toEqual(kept.mean);
  const plan = { shape: [3, 2, 2], batchSize: 7, seed: 3, augment: { flip: true, crop: 1 } };
  const before = asked;
  const [found, wanted] = [batches(data.train, plan), batches(kept.train, plan)];
  const of = wanted[Symbol.asyncIterator]();
  for await (const batch of found) expect(batch).toEqual((await of.next()).value);
  expect(asked - before).toBe(24);
  const other = await fromSamples({ length: count, at: (i) => sample(i === 5 ? 6 : i) });
  expect(other.train.source!.identity).not.toBe(data.train.source!.identity);
});

test("several inputs and labels by name, parts of their own, fractions after whole numbers", async () => {
  const of = (n: number): GivenSample[] =>
    Array.from({ length: n }, (_, i) => ({
      inputs: { ids: [i, i + 1], more: i === 0 ? 1 : 0.5 },
      labels: { kind: i % 2, boxes: [0.5, i] },
    }));
  const data = await fromSamples({ length: 6, at: (i) => of(6)[i] }, { test: of(3) });
  expect(data).toMatchObject({ input: "ids", label: "kind", classes: 2, train: { count: 6 }, test: { count: 3 } });
  expect([...data.train.x]).toEqual([0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6]);
  expect([...data.train.more!["more"]]).toEqual([1, 0.5, 0.5, 0.5, 0.5, 0.5]);
  expect(data.more!["boxes"]).toMatchObject({ is: "label", classes: null });
});

test("what is wrong is named by part and sample", async () => {
  const broken = (i: number): GivenSample => {
    if (i === 7) throw new Error("cat7.jpg is no picture");
    return sample(i);
  };
  expect(await message(fromSamples({ length: count, at: broken }, { name: "cats" }))).toMatchInlineSnapshot(`
    "a sample cannot be had
      data    cats
      part    train
      sample  7
      reason  cat7.jpg is no picture
      fix     the program that gives the samples failed: correct it there"
  `);
  const ragged = Array.from({ length: 4 }, (_, i) => ({ x: i === 2 ? [1] : [1, 2], y: 0 }));
  expect(await message(fromSamples([sample(0)], { test: ragged }))).toMatchInlineSnapshot(`
    "samples differ in shape or in kind
      part    test
      sample  2
      column  x
      got     Int32Array [1]
      wanted  Int32Array [2], as the first sample has
      fix     bring all samples to one shape before they are given"
  `);
  expect(await message(fromSamples({ length: 5, ...only(3) }))).toMatchInlineSnapshot(`
    "there are fewer samples than was said
      part    train
      sample  3
      got     3
      wanted  5, the length
      fix     correct length"
  `);
  expect(await message(fromSamples({ length: 2, ...only(3) }))).toMatchInlineSnapshot(`
    "there are more samples than was said
      part    train
      sample  2
      wanted  2, the length
      fix     correct length"
  `);
  expect(await message(fromSamples({ ...only(3) } as never))).toMatchInlineSnapshot(`
    "that gives no samples
      part  train
      got   Object
      fix   give a list of samples, an iterable with a length, or { length, at(index) }"
  `);
  expect(await message(fromSamples([{ x: [1, Number.NaN] }, { x: [1, 2] }]))).toMatchInlineSnapshot(`
    "data holds something that is not a finite float32
      part    train
      sample  0
      at      x, sample 1, element 0
      got     NaN
      wanted  a finite number"
  `);
  expect(await message(fromSamples([{ y: 1 } as never]))).toMatchInlineSnapshot(`
    "not an array of numbers
      part    train
      sample  0
      at      x
      got     undefined
      wanted  a number or an array"
  `);
  expect(await message(fromSamples([5 as never]))).toMatchInlineSnapshot(`
    "that is no sample
      part    train
      sample  0
      got     5
      wanted  { x, y }, or { inputs: { … }, labels: { … } }"
  `);
  let calls = 0;
  const changing = await fromSamples({ length: 9, at: (i) => (++calls > 9 ? { x: [1], y: 0 } : { x: [i, 2], y: 0 }) });
  const one = async () => {
    for await (const _ of batches(changing.train, { shape: [2], batchSize: 2, seed: 1 }));
  };
  expect(await message(one())).toMatch("a sample is another than when it was first asked for");
});

const only = (n: number) => ({
  *[Symbol.iterator]() {
    for (let i = 0; i < n; i++) yield sample(i);
  },
});
