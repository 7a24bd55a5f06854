/** A small run: an MLP on a few digits, by RMDA with the group lasso. */
import { digits } from "../../src/data/digits.ts";
import { node } from "../../src/engine/node.ts";
import { mlp } from "../../src/models/mlp.ts";
import { rmda } from "../../src/optim/rmda.ts";
import { multiStep } from "../../src/optim/schedule.ts";
import { groupLasso } from "../../src/prox/group-lasso.ts";
import type { TrainOptions } from "../../src/train/options.ts";

export const engine = node({ threads: 1 });
export const data = digits({ train: 300, test: 100, seed: 3 });
export const model = () => mlp({ sizes: [784, 32, 10], seed: 1, input: [1, 28, 28] });
export const options = (more: Partial<TrainOptions> = {}): TrainOptions => ({
  engine,
  optimizer: rmda({ c: 0.1 }),
  schedule: multiStep({ lr: 0.1, milestones: [2, 3] }),
  penalty: groupLasso({ lambda: 0.1 }),
  epochs: 5,
  batchSize: 64,
  ...more,
});
