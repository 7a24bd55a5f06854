import { expect, test } from "vitest";
import { fromArrays, limitTrain, splitValidation } from "./dataset.ts";

const rows = (n: number) => Array.from({ length: n }, (_, i) => [i, 2 * i, -i]);
const labels = (n: number) => Array.from({ length: n }, (_, i) => i % 3);
const message = (f: () => unknown): string => {
  try {
    f();
  } catch (error) {
    return (error as Error).message;
  }
  return "no error";
};

test("nested arrays become float32 samples with int32 labels, a fifth of them for testing", () => {
  const data = fromArrays(rows(20), labels(20));
  expect(data).toMatchObject({ name: "arrays", shape: [3], classes: 3 });
  expect(data.mean).toBe(undefined);
  expect([data.train.count, data.test.count]).toEqual([16, 4]);
  expect(data.train.x).toBeInstanceOf(Float32Array);
  expect(data.train.y).toBeInstanceOf(Int32Array);
  const all = [data.train, data.test].flatMap(({ x, y, count }) =>
    Array.from({ length: count }, (_, i) => [...x.subarray(3 * i, 3 * i + 3), y[i]].join()),
  );
  expect(all.sort()).toEqual(
    rows(20)
      .map((r, i) => [...r, i % 3].join())
      .sort(),
  );
});

test("a uint8 array stays uint8 and is measured per channel", () => {
  const x = new Uint8Array(4 * 2 * 2 * 2).map((_, i) => (i % 8 < 4 ? 255 : 51));
  const test = { x: x.subarray(0, 8), y: [1] };
  const data = fromArrays(x, [0, 1, 2, 1], { shape: [2, 2, 2], test, classes: 5 });
  expect(data.train.x).toBe(x);
  expect(data).toMatchObject({ classes: 5, mean: [1, 0.2], std: [1, 1] });
});

test("rows, fractions and float arrays are targets", () => {
  expect(fromArrays(rows(10), rows(10)).train.y).toBeInstanceOf(Float32Array);
  expect(fromArrays(rows(10), rows(10)).train.y.length).toBe(24);
  expect(fromArrays(rows(4), [0.5, 1, 2, 3]).classes).toBe(null);
  expect(fromArrays(rows(4), [0, 1, 2, 3], { classes: null }).train.y).toBeInstanceOf(Float32Array);
});

test("subsets are drawn by the seed alone, keep the order, and part the samples", () => {
  const data = fromArrays(
    Float32Array.from({ length: 100 }, (_, i) => i),
    labels(100),
    { shape: [1], test: 0.1 },
  );
  const split = splitValidation(data, 0.2, 7);
  expect([split.train.count, split.val?.count]).toEqual([72, 18]);
  expect(splitValidation(data, 0.2, 7)).toEqual(split);
  expect(splitValidation(data, 0.2, 8)).not.toEqual(split);
  const [train, val] = [[...split.train.x], [...(split.val?.x ?? [])]];
  expect([...train, ...val].sort((a, b) => a - b)).toEqual([...data.train.x]);
  expect(train).toEqual(train.toSorted((a, b) => a - b));
  const few = limitTrain(data, 10, 3).train;
  expect([few.count, few.x.length, few.y.length]).toEqual([10, 10, 10]);
  expect(limitTrain(data, 500)).toBe(data);
});

test("bad arrays are named", () => {
  const errors = {
    ragged: message(() => fromArrays([[1, 2], [3]], [0, 1])),
    nan: message(() =>
      fromArrays(
        [
          [1, 2],
          [3, Number.NaN],
        ],
        [0, 1],
      ),
    ),
    infinite: message(() => fromArrays(Float32Array.of(1, Infinity), [0, 1], { shape: [1] })),
    overflow: message(() => fromArrays([[1], [1e300]], [0, 1])),
    text: message(() => fromArrays([[1], ["2"]] as unknown as number[][], [0, 1])),
    lengths: message(() => fromArrays(rows(3), labels(2))),
    empty: message(() => fromArrays([], [])),
    flat: message(() => fromArrays(new Float32Array(8), labels(2))),
    shape: message(() => fromArrays(new Float32Array(8), labels(2), { shape: [3] })),
    negative: message(() => fromArrays(rows(3), [0, -1, 2])),
    range: message(() => fromArrays(rows(3), [0, 1, 2], { classes: 2 })),
    classes: message(() => fromArrays(rows(3), [0.5, 1, 2], { classes: 2 })),
    fraction: message(() => fromArrays(rows(3), labels(3), { test: 1 })),
    tiny: message(() => fromArrays(rows(3), labels(3), { test: 0.01 })),
    limit: message(() => limitTrain(fromArrays(rows(9), labels(9)), 0)),
    std: message(() => fromArrays(rows(9), labels(9), { mean: [0], std: [0] })),
  };
  expect(errors).toMatchInlineSnapshot(`
    {
      "classes": "targets are not class labels
      got     fractions, float arrays or rows
      wanted  integers 0 … 1",
      "empty": "x is empty",
      "flat": "x is flat, so the shape of one sample must be given
      got     8 numbers
      wanted  the option shape, for example [1, 28, 28]",
      "fraction": "the test fraction is out of range
      got     1
      wanted  a number in (0, 1)",
      "infinite": "data holds something that is not a finite float32
      at      x, sample 1, element 0
      got     Infinity
      wanted  a finite number",
      "lengths": "y and its samples differ in length
      got     2 targets
      wanted  3, one a sample",
      "limit": "the limit of training samples is out of range
      got     0
      wanted  an integer ≥ 1",
      "nan": "data holds something that is not a finite float32
      at      x, sample 1, element 1
      got     NaN
      wanted  a finite number",
      "negative": "a label is out of range
      at      y[1]
      got     -1
      wanted  an integer ≥ 0",
      "overflow": "data holds something that is not a finite float32
      at      x, sample 1, element 0
      got     1e+300
      wanted  a finite number",
      "ragged": "rows differ in shape
      at      x[1]
      got     [1]
      wanted  [2]",
      "range": "a label is out of range
      at      y[2]
      got     2
      wanted  0 … 1",
      "shape": "x does not fit the shape of a sample
      got     [8]
      wanted  samples of [3] = 3 numbers each",
      "std": "mean and std must be finite, std positive
      got  0",
      "text": "not an array of numbers
      at      x[1][0]
      got     string
      wanted  a number or an array",
      "tiny": "the test fraction leaves a set empty
      got     0.01 of 3 samples = 0
      wanted  at least one sample in each set",
    }
  `);
});

test("a mean or std that is no list is refused, nothing and zero alike", () => {
  const one = (std: unknown) => () =>
    fromArrays(
      Array.from({ length: 20 }, (_, i) => [i]),
      Array.from({ length: 20 }, (_, i) => i % 2),
      { mean: [0], std: std as never },
    );
  for (const std of [0, "", false, 1, {}]) expect(one(std)).toThrow("std has the wrong length");
});

test("validation samples that the data has are not thrown away for others", () => {
  const x = [[0], [1], [2], [3], [4]];
  const data = fromArrays(x, Int32Array.of(0, 1, 0, 1, 0), { val: { x: [[5]], y: Int32Array.of(1) } });
  expect(() => splitValidation(data, 0.2)).toThrow(/validation samples of its own[\s\S]*1 samples and valSplit 0.2/);
});
