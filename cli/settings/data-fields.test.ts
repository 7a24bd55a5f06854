/** What is accepted of data in one command is accepted in all. */
import { expect, test } from "vitest";
import { dataCommand } from "../commands/data.ts";
import { evaluateCommand } from "../commands/evaluate.ts";
import { factorizeCommand } from "../commands/factorize.ts";
import { shrinkCommand } from "../commands/shrink.ts";
import { trainCommand } from "../commands/train.ts";
import { verifyCommand } from "../commands/verify.ts";
import { compareFields, notPerMethod } from "./compare-fields.ts";
import { readerFields, readerOptions } from "./data-fields.ts";
import { kebab } from "./names.ts";
import { notSwept } from "./sweep-fields.ts";
import { headings } from "./train-choices.ts";
import { placeKeys, problemKeys } from "./train-fields.ts";

const commands = [trainCommand, evaluateCommand, verifyCommand, shrinkCommand, factorizeCommand].map((make) => make());
const info = dataCommand().commands.filter((c) => ["info", "check"].includes(c.name()));
const keys = Object.keys(readerFields);

test.each([...commands, ...info].map((c) => [c.name(), c] as const))(
  "%s takes all that readers can be told",
  (_, command) => {
    const flags = command.options.map(({ long }) => long);
    expect(flags).toEqual(expect.arrayContaining(["--data-root", ...keys.map((key) => `--${kebab(key)}`)]));
  },
);

test("they stand under a heading of train, and are no method's own", () => {
  expect(headings["Model and data"]).toEqual(expect.arrayContaining(keys));
  expect(notPerMethod).toEqual(expect.arrayContaining(keys));
  expect(Object.keys(compareFields)).toEqual(expect.arrayContaining(keys));
});

test("where and how a run runs is said of the field: it may change, and is the same for all methods and trials", () => {
  expect([...placeKeys].sort()).toEqual(
    [
      "dataRoot",
      "device",
      "mpi",
      "out",
      "overwrite",
      "recompute",
      "resume",
      "tensorboard",
      "threads",
      "tune",
      "watch",
    ].sort(),
  );
  expect(notSwept).toEqual(placeKeys);
  expect([...notPerMethod].sort()).toEqual([...problemKeys, ...placeKeys].sort());
  expect(problemKeys).toEqual(expect.arrayContaining(["model", "data", "limitTrain", "valSplit"]));
});

test("a loss that fits numbers makes numbers of labels, where nothing else is said", () => {
  expect(readerOptions({ loss: "mse", testSplit: 0.1 })).toEqual({ testSplit: 0.1, expects: "numbers" });
  expect(readerOptions({ loss: { a: { loss: "mse" }, b: { loss: "bce" } } })).toEqual({ expects: "numbers" });
  expect(readerOptions({ loss: { a: { loss: "mse" }, b: { loss: "crossEntropy" } } })).toEqual({});
  expect(readerOptions({ loss: "crossEntropy", dataRoot: "d" }, null)).toEqual({ root: "d", encoding: null });
});
