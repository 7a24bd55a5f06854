/** Data sets that were put together by hand. */
import { describe, expect, test } from "vitest";
import { node } from "../engine/node.ts";
import { EspalierError } from "../error.ts";
import { mlp } from "../models/mlp.ts";
import { constant } from "../optim/schedule.ts";
import { sgd } from "../optim/sgd.ts";
import { binaryCrossEntropy, meanSquaredError } from "../step/loss.ts";
import { evaluate } from "../train/evaluate.ts";
import { train } from "../train/train.ts";
import { checkDataset, classNotes } from "./check.ts";
import { type Dataset, fromArrays } from "./dataset.ts";

const engine = node({ threads: 1 });
const split = (n: number) => ({
  x: Float32Array.from({ length: 2 * n }, (_, i) => i / n),
  y: Int32Array.from({ length: n }, (_, i) => i % 3),
  count: n,
});
const good: Dataset = { name: "mine", shape: [2], classes: 3, train: split(9), test: split(3) };
const targets: Dataset = {
  ...good,
  classes: null,
  train: { ...split(9), y: new Float32Array(18) },
  test: { ...split(3), y: new Float32Array(6) },
};
const model = mlp({ sizes: [2, 3] });
const options = { engine, optimizer: sgd(), schedule: constant({ lr: 0.1 }), epochs: 1 };
/** The set with some of a split's fields replaced. */
const withSplit = (data: Dataset, part: "train" | "test" | "val", change: object): Dataset => ({
  ...data,
  [part]: { ...data[part === "val" ? "test" : part], ...change },
});
const at = <T extends Int32Array | Float32Array>(array: T, i: number, value: number): T => {
  const changed = array.slice() as T;
  changed[i] = value;
  return changed;
};

test("what is right passes", () => {
  for (const data of [good, targets, { ...good, val: split(2) }]) expect(checkDataset(data)).toBeUndefined();
});

describe("refused by train and evaluate alike", () => {
  test.each<[string, Dataset, RegExp]>([
    [
      "a label beyond the classes",
      withSplit(good, "train", { y: at(good.train.y, 4, 3) }),
      /at +train\.y\[4\]\n +got +3\n +wanted +0 … 2/,
    ],
    ["a negative label", withSplit(good, "test", { y: at(good.test.y, 2, -1) }), /at +test\.y\[2\]\n +got +-1/],
    ["a label of the validation set", withSplit(good, "val", { y: at(good.test.y, 0, 99) }), /at +val\.y\[0\]/],
    [
      "too few labels",
      withSplit(good, "train", { y: new Int32Array(8) }),
      /length of y\n +got +8\n +wanted +9, one a sample/,
    ],
    ["too few samples", withSplit(good, "train", { x: new Float32Array(16) }), /length of x\n +got +16/],
    ["labels as floats", withSplit(good, "train", { y: new Float32Array(9) }), /an Int32Array of classes/],
    ["labels as a list", withSplit(good, "train", { y: [0, 1, 2, 0, 1, 2, 0, 1, 2] }), /got +Array/],
    [
      "a NaN in x",
      withSplit(good, "train", { x: at(good.train.x as Float32Array, 7, Number.NaN) }),
      /at +train\.x, sample 3, element 1\n +got +NaN/,
    ],
    [
      "an infinity in x",
      withSplit(good, "test", { x: at(good.test.x as Float32Array, 0, Infinity) }),
      /test\.x, sample 0/,
    ],
    [
      "a NaN target",
      withSplit(targets, "train", { y: at(targets.train.y, 5, Number.NaN) }),
      /at +train\.y, sample 2, element 1/,
    ],
    ["no count", withSplit(good, "train", { count: 0 }), /their count/],
    ["half a count", withSplit(good, "train", { count: 4.5 }), /their count\n +got +4\.5/],
    ["no test samples", { ...good, test: undefined } as unknown as Dataset, /the test samples/],
    ["a shape with 0", { ...good, shape: [0] }, /shape of a data set's sample/],
    ["half a class", { ...good, classes: 2.5 }, /number of classes/],
  ])("%s", async (_, data, said) => {
    const loss = data.classes === null ? meanSquaredError() : undefined;
    const errors = [
      await Promise.resolve()
        .then(() => train(model, data, { ...options, loss }))
        .catch((e) => e),
      await evaluate(model, data, { engine, loss }).catch((e) => e),
    ];
    for (const error of errors) {
      expect(error).toBeInstanceOf(EspalierError);
      expect(error.message).toMatch(said);
    }
  });

  test("a split of its own that is evaluated", async () => {
    const own = { ...good.test, y: at(good.test.y as Int32Array, 1, 7) };
    await expect(evaluate(model, good, { engine, split: own })).rejects.toThrow(/at +given\.y\[1\]/);
  });

  test("a target that is no probability, for binary cross-entropy alone", () => {
    const wide = { sizes: [2, 2] };
    const data = withSplit(targets, "test", { y: at(targets.test.y, 3, 1.5) });
    const run = (loss: ReturnType<typeof meanSquaredError>) => () => train(mlp(wide), data, { ...options, loss });
    expect(run(binaryCrossEntropy())).toThrow(/no probability\n +at +test\.y, sample 1\n +got +1\.5/);
    expect(run(meanSquaredError())).not.toThrow();
  });
});

describe("what of the classes is said", () => {
  test("one damaged label makes classes that never occur, and is named", () => {
    const y = Array.from({ length: 500 }, (_, i) => i % 10);
    y[123] = 200;
    const data = fromArrays(new Float32Array(1000), y, { shape: [2], name: "mine", test: { x: [[1, 2]], y: [1] } });
    expect(data.classes).toBe(201);
    const said =
      "190 of the 201 classes of mine have no training sample: 10 … 199; of those above them the first is sample 123: 200";
    expect(classNotes(data)).toEqual([said]);
    expect(train(mlp({ sizes: [2, 201] }), data, options).notes).toContain(said);
  });

  test("gaps, and more outputs than classes", () => {
    const data = fromArrays(new Float32Array(12), [1, 3, 4, 1, 3, 4], {
      shape: [2],
      test: { x: [[1, 2]], y: [1] },
      classes: 9,
    });
    expect(classNotes(data)).toEqual(["6 of the 9 classes of arrays have no training sample: 0, 2, 5 … 8"]);
    const named = { ...data, classNames: Array.from({ length: 9 }, (_, i) => `c${i}`) };
    expect(classNotes(named)).toEqual(["6 of the 9 classes of arrays have no training sample: c0, c2, c5, c6, c7, c8"]);
    expect(classNotes(good, 10)).toEqual(["the model tells 10 classes apart, mine has 3"]);
    expect([classNotes(good, 3), classNotes(targets, 2)]).toEqual([[], []]);
  });
});
