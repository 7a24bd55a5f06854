import { expect, test } from "vitest";
import { EspalierError, UsageError } from "../error.ts";
import { Random } from "../math/random.ts";
import { batches } from "./batches.ts";
import { type Dataset, splitValidation } from "./dataset.ts";
import { fromColumns } from "./from-columns.ts";
import { byLength, fewLengths } from "./places.ts";

const COUNT = 103;
const LONGEST = 60;
const random = new Random(5, "digits");
const lengths = Int32Array.from({ length: COUNT }, (_, i) => (i === 7 ? LONGEST : 3 + random.int(random.int(50) + 1)));
/** Each sample's places hold its number, the others 0. */
const ids = new Int32Array(COUNT * LONGEST);
lengths.forEach((n, i) => {
  ids.fill(i + 1, i * LONGEST, i * LONGEST + n);
});
const labels = Int32Array.from({ length: COUNT }, (_, i) => i % 2);
const columns = {
  inputs: { ids: { data: ids, shape: [LONGEST] } },
  labels: { y: labels, tags: { data: ids, shape: [LONGEST] } },
  places: { lengths, of: ["ids", "tags"] },
};
const data: Dataset = fromColumns(columns, { test: 0.2, seed: 1 });
const plan = { shape: data.shape, batchSize: 10, seed: 4, places: data.places };
async function all<T>(from: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const one of from) list.push(one);
  return list;
}

test("a few multiples of eight, such that little is filling", () => {
  const chosen = fewLengths(lengths, LONGEST);
  expect(chosen.at(-1)).toBe(LONGEST);
  expect(chosen.slice(0, -1).every((n) => n % 8 === 0)).toBe(true);
  expect(chosen.length).toBeLessThanOrEqual(6);
  const filled = lengths.reduce((sum, n) => sum + chosen.find((l) => l >= n)!, 0);
  const all = [...lengths].reduce((a, b) => a + b);
  expect(filled / all).toBeLessThan(1.25);
  expect(filled).toBeLessThan((COUNT * LONGEST) / 2);
  // no other choice of as many multiples of eight has fewer places
  const others = [8, 16, 24, 32, 40, 48, 56].flatMap((a) => [8, 16, 24, 32, 40, 48, 56].map((b) => [a, b, LONGEST]));
  const cost = (l: readonly number[]) =>
    lengths.reduce((s, n) => s + [...l].sort((a, b) => a - b).find((m) => m >= n)!, 0);
  if (chosen.length >= 3) expect(others.every((o) => cost(o) >= cost(chosen))).toBe(true);
  expect(fewLengths(Int32Array.of(60, 60, 59), 60)).toEqual([60]);
  expect(fewLengths(Int32Array.of(3), 60)).toEqual([8, 60]);
});

test("every sample stands once in an epoch, whole, in a batch of about its length", async () => {
  const epoch = await all(batches(data.train, plan));
  expect(epoch.map(({ count }) => count).sort((a, b) => b - a)).toEqual([10, 10, 10, 10, 10, 10, 10, 10, 2]);
  const seen: number[] = [];
  for (const { x, y, more, count, length } of epoch) {
    expect(data.places!.lengths).toContain(length);
    expect(x.length).toBe(count * length!);
    expect(more!["tags"]).toEqual(x);
    expect(y.length).toBe(count);
    for (let i = 0; i < count; i++) {
      const row = x.subarray(i * length!, (i + 1) * length!);
      const sample = row[0] - 1;
      expect(Array.from(row).filter((v) => v === sample + 1).length).toBe(lengths[sample]);
      expect(y[i]).toBe(labels[sample]);
      seen.push(sample);
    }
  }
  expect(new Set(seen).size).toBe(data.train.count);
  expect(new Set(epoch.map((b) => b.length)).size).toBeGreaterThan(2);
});

test("the order is a function of seed and epoch; batches of one length stand apart", async () => {
  const epochs = await all(batches(data.train, { ...plan, epochs: 2 }));
  expect(await all(batches(data.train, { ...plan, epoch: 1, step: 3 }))).toEqual(epochs.slice(9 + 3));
  const order = (from: number) => epochs.slice(from, from + 9).map((b) => b.length);
  expect(order(0)).not.toEqual([...order(0)].sort((a, b) => a! - b!));
  expect(epochs[0].x).not.toEqual(epochs[9].x);
  const other = await all(batches(data.train, { ...plan, seed: 5 }));
  expect(other[0].x).not.toEqual(epochs[0].x);
});

test("a batch between two lengths has the longer one, and there are no more sizes than lengths and one", () => {
  const places = { lengths: [8, 16, 24], x: true, y: false, more: [] };
  const split = { lengths: Int32Array.of(3, 20, 4, 10, 8, 16, 9), count: 7 };
  const { order, batches } = byLength(split, places, undefined, [3, 3, 1]);
  expect([...order]).toEqual([0, 2, 4, 3, 5, 6, 1]);
  expect(batches.map(({ length }) => length)).toEqual([8, 16, 24]);
  expect(byLength(split, places, undefined, [4, 3]).batches.map(({ length }) => length)).toEqual([16, 24]);
});

test("an order that is given stays", async () => {
  const straight = await all(batches(data.train, { ...plan, shuffle: false }));
  expect(straight.flatMap(({ y }) => [...y])).toEqual([...data.train.y]);
  const lengthOf = (from: number) => Math.max(...data.train.lengths!.subarray(from, from + 10));
  straight.slice(0, 8).forEach(({ length }, i) => {
    expect(length).toBe(data.places!.lengths.find((l) => l >= lengthOf(10 * i)));
  });
  const sorted = await all(batches(data.train, { ...plan, shuffle: false, anyOrder: true }));
  expect(sorted.map((b) => b.length)).toEqual(sorted.map((b) => b.length!).toSorted((a, b) => a - b));
});

test("parts keep the lengths of their samples", async () => {
  const { train, val } = splitValidation(data, 0.5, 2);
  for (const part of [train, val!]) {
    const first = Array.from({ length: part.count }, (_, i) => part.x[i * LONGEST] - 1);
    expect([...part.lengths!]).toEqual(first.map((sample) => lengths[sample]));
  }
});

test("what does not fit is refused by name", () => {
  const wrong =
    (places: typeof columns.places, labels: object = columns.labels) =>
    () =>
      fromColumns({ ...columns, labels: labels as typeof columns.labels, places });
  expect(wrong({ lengths, of: ["id"] })).toThrow(UsageError);
  expect(wrong({ lengths, of: ["ids", "y"] })).toThrow(/differ in their number of places/);
  expect(wrong({ lengths: lengths.slice(1), of: ["ids"] })).toThrow(/lengths of samples/);
  expect(wrong({ lengths: lengths.map((n) => n + 60), of: ["ids"] })).toThrow(/lengths of samples/);
  const numbers = { y: labels, tags: { data: Float32Array.from(ids), shape: [LONGEST] } };
  expect(wrong(columns.places, numbers)).toThrow(EspalierError);
});
