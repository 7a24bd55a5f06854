/** The training methods that are timed. Those with a penalty take the RMDA paper's input-channel groups. */
import { adam } from "../src/optim/adam.ts";
import { grda } from "../src/optim/grda.ts";
import { hspg } from "../src/optim/hspg.ts";
import { magnitude } from "../src/optim/magnitude.ts";
import type { Optimizer } from "../src/optim/optimizer.ts";
import { proxGen } from "../src/optim/prox-gen.ts";
import { proxSgd } from "../src/optim/prox-sgd.ts";
import { proxSsi } from "../src/optim/prox-ssi.ts";
import { ramda } from "../src/optim/ramda.ts";
import { rda } from "../src/optim/rda.ts";
import { rigl } from "../src/optim/rigl.ts";
import { rmda } from "../src/optim/rmda.ts";
import { constant, type Schedule } from "../src/optim/schedule.ts";
import { sgd } from "../src/optim/sgd.ts";
import { groupLasso } from "../src/prox/group-lasso.ts";
import type { Penalty } from "../src/prox/penalty.ts";
import { wgsef } from "../src/prox/wgsef.ts";

export interface Method {
  readonly optimizer: Optimizer;
  readonly penalty?: Penalty;
}

const penalty = groupLasso({ lambda: 1e-4, groups: "inputChannel", weights: "size" });

export const methods: Readonly<Record<string, Method>> = {
  sgd: { optimizer: sgd({ momentum: 0.9 }) },
  rmda: { optimizer: rmda({ c: 0.1 }), penalty },
  "rmda, coupled": { optimizer: rmda({ c: 0.1 }), penalty: groupLasso({ lambda: 1e-4 }) },
  ramda: { optimizer: ramda(), penalty },
  proxSgd: { optimizer: proxSgd(), penalty },
  "proxSgd, wgsef": {
    optimizer: proxSgd(),
    penalty: wgsef({ lambda: 1e-4, keep: 0.5, groups: "inputChannel" }),
  },
  proxSsi: { optimizer: proxSsi(), penalty },
  proxGen: { optimizer: proxGen(), penalty },
  rda: { optimizer: rda(), penalty },
  hspg: { optimizer: hspg({ switchEpoch: 0 }), penalty }, // its second stage, which is the costly one
  rigl: { optimizer: rigl() },
  magnitude: { optimizer: magnitude() },
  grda: { optimizer: grda() },
  adam: { optimizer: adam() },
};

/** Small enough that random images do not make the loss diverge within a benchmark. */
export const schedule: Schedule = constant({ lr: 0.01 });
