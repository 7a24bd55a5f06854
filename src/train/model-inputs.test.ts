import { expect, test } from "vitest";
import { digits } from "../data/digits.ts";
import { node } from "../engine/node.ts";
import { numbers } from "../graph/tensor.ts";
import { mlp } from "../models/mlp.ts";
import { modelInputs } from "./model-inputs.ts";

const engine = node({ threads: 1 });
const data = digits({ train: 10, test: 5, seed: 1 });

test("the first test samples, in the model's shape, (x / 255 − mean) / std", async () => {
  const { input } = await modelInputs(mlp({ sizes: [784, 10] }), data, { engine, count: 3 });
  expect(input.shape).toEqual([3, 784]);
  const [mean, std] = [data.mean![0], data.std![0]];
  numbers(input).forEach((v, i) => {
    expect(v).toBeCloseTo((data.test.x[i] / 255 - mean) / std, 5);
  });
});

test("no normalization gives the values as they are; there are no more samples than the test split has", async () => {
  const { input } = await modelInputs(mlp({ sizes: [784, 10] }), data, { engine, count: 99, normalization: null });
  expect(input.shape).toEqual([5, 784]);
  expect(numbers(input)).toEqual(Array.from(data.test.x));
});
