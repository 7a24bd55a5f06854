import { expect, test } from "vitest";
import { f32, numbers } from "../graph/tensor.ts";
import { mlp } from "../models/mlp.ts";
import { read } from "../onnx/read.ts";
import { write } from "../onnx/write.ts";
import { type GivenWeights, withWeights } from "./with-weights.ts";

const model = mlp({ sizes: [3, 2, 2] });
const tensorOf = (name: string, of = model) => [...of.graph.initializers].find(([v]) => v.name === name)![1];

test("numbers are replaced, the rest stays, and the file has them", () => {
  const changed = withWeights(model, { "fc1.weight": [1, 2, 3, 4, 5, 6], "fc2.bias": f32([7, 8]) });
  const again = read(write(changed));
  expect(numbers(tensorOf("fc1.weight", again))).toEqual([1, 2, 3, 4, 5, 6]);
  expect(numbers(tensorOf("fc2.bias", again))).toEqual([7, 8]);
  expect(tensorOf("fc2.weight", again)).toEqual(tensorOf("fc2.weight"));
  expect(numbers(tensorOf("fc1.weight"))).not.toEqual(numbers(tensorOf("fc1.weight", again)));
});

test.each<[string, Record<string, unknown>, string]>([
  ["a name", { "fc1.wieght": [] }, "fc1.weight"],
  ["too few", { "fc1.bias": [1] }, "got     1 numbers\n  wanted  2, as [2] has"],
  ["turned", { "fc1.weight": f32([1, 2, 3, 4, 5, 6], [3, 2]) }, "got     [3,2]\n  wanted  [2,3]"],
  ["NaN", { "fc1.bias": [1, Number.NaN] }, "NaN at place 2"],
  ["text", { "fc1.bias": "12" }, "wanted  an array of numbers"],
  ["nothing", { "fc1.bias": undefined }, "wanted  an array of numbers"],
])("%s: refused", (_, arrays, message) => {
  expect(() => withWeights(model, arrays as Record<string, GivenWeights>)).toThrow(message);
});
