/** Positions 0, 1, 2 … of a value laid flat are a Reshape; all others stay what they are. */
import { expect, test } from "vitest";
import type { Shape } from "../graph/types.ts";
import type { Context, Step } from "./canonical.ts";
import { isCounting, viewOfFlat } from "./strided-views.ts";

const step: Step = { op: "Gather", domain: "", name: "view", inputs: ["x", "at"], outputs: ["y"], attrs: { axis: 0 } };
const at = (x: Shape, positions: Shape, values: readonly number[]): Context => ({
  opset: 17,
  type: () => ({ dtype: "float32", shape: x }),
  written: (name) => (name === "x" ? x : positions),
  known: () => undefined,
  zero: () => false,
  counts: (_, n) => values.length === n && isCounting(values),
  read: () => true,
  fresh: (stem) => stem,
});

test("all positions in order are a Reshape whose first axis follows the samples", () => {
  const { op, inputs, attrs } = viewOfFlat(step, at([6], [1, 3, 2], [0, 1, 2, 3, 4, 5]));
  expect({ op, inputs, attrs }).toEqual({ op: "Reshape", inputs: ["x"], attrs: { shape: [-1, 3, 2], allowzero: 0 } });
});

test.each([
  ["another order", at([4], [2, 2], [0, 2, 1, 3])],
  ["a part", at([6], [2, 2], [0, 1, 2, 3])],
  ["one element twice", at([4], [2, 2], [0, 1, 1, 3])],
  ["the rows of a table", at([4, 8], [1, 4], [0, 1, 2, 3])],
  ["a list", at([4], [4], [0, 1, 2, 3])],
])("%s stays a Gather", (_, context) => {
  expect(viewOfFlat(step, context)).toBe(step);
});
