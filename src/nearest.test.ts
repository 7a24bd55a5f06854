import { expect, test } from "vitest";
import { didYouMean, nearest } from "./nearest.ts";

const names = ["lambda", "lr", "rmda", "group-lasso", "--data-root", "main"];

test.each([
  ["lamda", "lambda"],
  ["lambdda", "lambda"],
  ["adlambda", "lambda"],
  ["l", "lr"],
  ["mian", "main"],
  ["grouplaso", "group-lasso"],
  ["--data-rot", "--data-root"],
])("%s is probably %s", (name, meant) => {
  expect(nearest(name, names)).toBe(meant);
  expect(didYouMean(name, names)).toBe(`did you mean ${meant}?`);
});

test.each(["", "xyzzy", "quux", "--frobnicate", "a".repeat(100), "\u{1f600}"])(
  "for %s there is no suggestion",
  (name) => {
    expect(nearest(name, names)).toBeUndefined();
    expect(didYouMean(name, names)).toBeUndefined();
  },
);

test("nothing is near where there are no names", () => {
  expect(nearest("lambda", [])).toBeUndefined();
});
