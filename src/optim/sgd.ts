/** Stochastic gradient descent with momentum, as torch.optim.SGD (dampening 0). The dense baseline. */
import { z } from "zod";
import { defineOptimizer, form, type OptimizerRule } from "./define.ts";
import { momentumStep, sgdOptions } from "./momentum.ts";

const options = z.strictObject(sgdOptions);

function make(said: z.output<typeof options>): OptimizerRule<"v", "lr"> {
  return {
    slots: ["v"],
    clock: {
      numbers: ["lr"],
      start: () => ({}),
      tick: (state, now, schedule) => ({ state, numbers: { lr: schedule.lr(now) }, restart: false }),
    },
    init: (g, w) => ({ v: g.Sub(w, w) }),
    ...momentumStep(said),
  };
}

/**
 * SGD with momentum: v ← μv + g, w ← w − lr·v. Takes no penalty.
 * @throws UsageError for options out of range
 */
export const sgd = defineOptimizer(
  {
    name: "sgd",
    source: "Robbins & Monro 1951; Polyak 1964",
    minimizes: "f(W): v ← μv + (∇f + weightDecay·W), W ← W − lr·v, as torch.optim.SGD.",
    when: "The dense baseline to compare with, and fine-tuning after shrinking.",
    paper: "The RMDA experiments take lr 0.1, momentum 0.9, weightDecay 5e-4, lr divided by 10 at milestones.",
    demo: { lr: 0.05, milestones: [6, 9] },
  },
  form({ options, defaults: { lr: 0.1, composed: { weightDecay: 1e-4 } }, make }),
);
