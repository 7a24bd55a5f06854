// The run that several ranks share in tests, of any method of resume-methods.mjs: 100 steps, the last batch of each epoch a small one.
import { digits, models, train } from "espalier";
import { node } from "espalier/node";
import { methods } from "./resume-methods.mjs";

const engine = node({ threads: 1 });
const data = digits({ train: 131, test: 20, seed: 3 });

export const shared = (method, more = {}) =>
  train(models.mlp({ sizes: [784, 16, 10], seed: 1, input: [1, 28, 28] }), data, {
    engine,
    ...methods[method],
    epochs: 20,
    batchSize: 32, // and a last one of 3
    seed: 7,
    augment: { crop: 2, flip: true },
    ...more,
  });
