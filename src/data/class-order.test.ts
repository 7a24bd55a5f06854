import { expect, test } from "vitest";
import { EspalierError } from "../error.ts";
import { orderClasses } from "./class-order.ts";
import { fromArrays } from "./dataset.ts";

const of = (classNames?: string[]) =>
  fromArrays([[0], [1], [2], [3]], Int32Array.of(0, 1, 1, 0), { classNames, test: { x: [[4]], y: Int32Array.of(1) } });

test("classes are numbered as the model's outputs, by their names", () => {
  const { data, notes } = orderClasses(of(["Bad", "good"]), ["good", "bad"]);
  expect([...data.train.y, ...data.test.y]).toEqual([1, 0, 0, 1, 0]);
  expect(data.classNames).toEqual(["good", "bad"]);
  expect(notes.map(String)).toEqual([
    "the classes have the order of the model's outputs: good, bad (in the data: Bad, good)",
  ]);
  const same = orderClasses(of(["good", "bad"]), ["good", "bad", "neither"]);
  expect([...same.data.train.y]).toEqual([0, 1, 1, 0]);
  expect([same.data.classes, same.notes]).toEqual([3, []]);
});

test("without names they stay, which is said; other names are refused", () => {
  const { data, notes } = orderClasses(of(), ["good", "bad"]);
  expect([...data.train.y]).toEqual([0, 1, 1, 0]);
  expect(notes.map(String)).toEqual(["the data has no names of classes: 0 … 1 are taken for good, bad"]);
  expect(() => orderClasses(of(["spam", "good"]), ["good", "bad"])).toThrow(EspalierError);
  expect(() => orderClasses(of(["spam", "good"]), ["good", "bad"])).toThrow(/not the model's +spam/);
  expect(() => orderClasses(of(["GOOD", "good"]), ["good", "bad"])).toThrow(/not those of the model/);
});
