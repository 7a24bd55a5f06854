import { expect, test } from "vitest";
import { fromArrays } from "./dataset.ts";
import { fromColumns } from "./from-columns.ts";

const inputs = { x: [[1], [2], [3], [4]] };
const more = { x: [[5], [6]] };

test("rows of one label and rows with a single 1 are one class a sample, which is said", () => {
  const rows = fromColumns(
    { inputs, labels: { y: [[0], [2], [1], [0]] } },
    { test: { inputs: more, labels: { y: [[1], [2]] } } },
  );
  expect([rows.classes, rows.labelShape, [...rows.train.y], [...rows.test.y]]).toEqual([3, [], [0, 2, 1, 0], [1, 2]]);
  expect(rows.notes!.join()).toBe("the labels y have one number in each row: they are taken as one class a sample");
  const y = [
    [1, 0, 0],
    [0, 0, 1],
    [0, 1, 0],
    [1, 0, 0],
  ];
  const hot = fromColumns(
    { inputs, labels: { y } },
    {
      test: {
        inputs: more,
        labels: {
          y: [
            [0, 1, 0],
            [0, 0, 1],
          ],
        },
      },
    },
  );
  expect([hot.classes, hot.labelShape, [...hot.train.y], [...hot.test.y]]).toEqual([3, [], [0, 2, 1, 0], [1, 2]]);
  expect(hot.notes!.map(String).join()).toMatch("have a single 1 in each row of 3: they are taken as 3 classes");
  const odd = {
    test: {
      inputs: more,
      labels: {
        y: [
          [0, 1, 0],
          [0, 1, 1],
        ],
      },
    },
  };
  expect(() => fromColumns({ inputs, labels: { y } }, odd)).toThrow(/has not a single 1[\s\S]*sample +1\n +got +0 1 1/);
});

test("what is said of labels, and what has several 1, stays", () => {
  const y = [
    [1, 0],
    [0, 1],
    [0, 1],
    [1, 0],
  ];
  expect(fromColumns({ inputs, labels: { y } }, { classes: { y: 2 } })).toMatchObject({ classes: 2, labelShape: [2] });
  expect(fromColumns({ inputs, labels: { y } }, { classes: { y: null } })).toMatchObject({ classes: null });
  expect(fromColumns({ inputs, labels: { y: [...y.slice(1), [1, 1]] } })).toMatchObject({
    classes: 2,
    labelShape: [2],
  });
  expect(() => fromColumns({ inputs, labels: { y: [0, 1, -1, 0] } })).toThrow(/at +y\[2\]\n +got +-1/);
});

test("rows for fromArrays are classes where it is said how many there are, else numbers to fit, which is said", () => {
  const x = [[1], [2], [3], [4], [5]];
  const one = [[0], [2], [1], [0], [2]];
  const hot = one.map(([c]) => [0, 1, 2].map((k) => Number(k === c)));
  for (const y of [one, hot]) {
    const test = { x, y };
    const classes = fromArrays(x, y, { classes: 3, test });
    expect([classes.classes, [...classes.train.y], [...classes.test.y]]).toEqual([3, one.flat(), one.flat()]);
    expect(classes.notes).toBeUndefined();
    const numbers = fromArrays(x, y, { test });
    expect([numbers.classes, numbers.train.y]).toEqual([null, Float32Array.from(y.flat())]);
    expect(numbers.notes!.map(String).join()).toMatch(/the rows are taken as numbers to fit; classes says how many/);
    expect(fromArrays(x, y, { test, classes: null }).notes).toBeUndefined();
  }
  expect(() => fromArrays(x, [...hot.slice(1), [1, 1, 0]], { classes: 3 })).toThrow("targets are not class labels");
});
