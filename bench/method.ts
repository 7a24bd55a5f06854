/** The training methods that are timed: every optimizer. Those with a penalty take the RMDA paper's input-channel groups. */
import { formsOf, optimizers } from "../src/methods.ts";
import type { Optimizer } from "../src/optim/optimizer.ts";
import { proxSgd } from "../src/optim/prox-sgd.ts";
import { rmda } from "../src/optim/rmda.ts";
import { constant, type Schedule } from "../src/optim/schedule.ts";
import { groupLasso } from "../src/prox/group-lasso.ts";
import { nuclear } from "../src/prox/nuclear.ts";
import type { Penalty } from "../src/prox/penalty.ts";
import { wgsef } from "../src/prox/wgsef.ts";

export interface Method {
  readonly optimizer: Optimizer;
  readonly penalty?: Penalty;
}

const penalty = groupLasso({ lambda: 1e-4, groups: "inputChannel", weights: "size" });

/** "proxSgd", and its further forms as "proxSgd yang". Of stages the last, which is the costly one, as a run of one epoch is half over. */
const all = Object.values(optimizers).flatMap((method) =>
  formsOf(method).map((optimizer, i): [string, Method] => [
    i === 0 ? optimizer.name : `${optimizer.name} ${optimizer.form}`,
    { optimizer, ...(optimizer.prox && { penalty }) },
  ]),
);

export const timedMethods: Readonly<Record<string, Method>> = {
  ...Object.fromEntries(all),
  "rmda coupled": { optimizer: rmda(), penalty: groupLasso({ lambda: 1e-4 }) },
  "rmda nuclear": { optimizer: rmda(), penalty: nuclear({ lambda: 1e-4 }) },
  "proxSgd nuclear": { optimizer: proxSgd(), penalty: nuclear({ lambda: 1e-4 }) },
  "proxSgd wgsef": { optimizer: proxSgd(), penalty: wgsef({ lambda: 1e-4, keep: 0.5, groups: "inputChannel" }) },
};

/** Small enough that random images do not make the loss diverge within a benchmark. */
export const schedule: Schedule = constant({ lr: 0.01 });
