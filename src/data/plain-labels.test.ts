import { expect, test } from "vitest";
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
