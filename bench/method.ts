/** The two training methods that are timed, with the settings both sides use. */
import type { Optimizer } from "../src/optim/optimizer.ts";
import { rmda } from "../src/optim/rmda.ts";
import { constant, type Schedule } from "../src/optim/schedule.ts";
import { sgd } from "../src/optim/sgd.ts";
import { groupLasso } from "../src/prox/group-lasso.ts";
import type { Penalty } from "../src/prox/penalty.ts";

export interface Method {
  readonly optimizer: Optimizer;
  readonly penalty?: Penalty;
}

/** The dense baseline, and RMDA with the paper's input-channel groups (what its authors' PyTorch code trains). */
export const methods: Readonly<Record<string, Method>> = {
  sgd: { optimizer: sgd({ momentum: 0.9 }) },
  rmda: {
    optimizer: rmda({ c: 0.1 }),
    penalty: groupLasso({ lambda: 1e-4, groups: "inputChannel", weights: "size" }),
  },
};

/** Small enough that random images do not make the loss diverge within a benchmark. */
export const schedule: Schedule = constant({ lr: 0.01 });
