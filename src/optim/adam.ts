/** Adam (Kingma & Ba 2015, Algorithm 1) and AdamW (Loshchilov & Hutter 2019, Algorithm 2), as torch.optim spells them. */

import { z } from "zod";
import { defineOptimizer, form, type OptimizerRule } from "./define.ts";
import { momentOptions, moments } from "./moments.ts";

const weightDecay = z.number().min(0);
const coupled = z.strictObject({
  ...momentOptions,
  weightDecay: weightDecay.default(0).describe("L2 added to the gradient"),
});
const decoupled = z.strictObject({
  ...momentOptions,
  weightDecay: weightDecay.default(0.01).describe("decay of every parameter, apart from the gradient"),
});
/** Options of `adam` and `adamw`. */
export type AdamOptions = z.input<typeof coupled>;

function build(
  apart: boolean,
  { betas, eps, weightDecay }: z.output<typeof coupled>,
): OptimizerRule<"m" | "u", "rate" | "eps" | "kept" | "fresh"> {
  const [b1, b2] = betas;
  const { fresh, init, update } = moments({ betas });
  return {
    slots: ["m", "u"],
    gradientScale: "fresh",
    clock: {
      numbers: ["rate", "eps", "kept", "fresh"],
      start: () => ({ t: 0 }),
      tick(state, now, schedule) {
        const t = state.t + 1;
        const lr = schedule.lr(now);
        const root = Math.sqrt(1 - b2 ** t); // lr·m̂/(√v̂ + ε) = lr·root/(1−β₁ᵗ)·m/(√v + ε·root), which takes two passes less
        const numbers = { rate: (lr * root) / (1 - b1 ** t), eps: eps * root, kept: 1 - lr * weightDecay, fresh };
        return { state: { t }, numbers, restart: false };
      },
    },
    init,
    propose(g, { w, dw, slots, clock }) {
      const d = weightDecay && !apart ? g.Add(dw, g.Mul(w, weightDecay * fresh)) : dw;
      const { m, u } = update(g, slots, d); //                                        the papers' m and v
      const step = g.Mul(g.Div(m, g.Add(g.Sqrt(u), clock.eps)), clock.rate); //       lr·m̂ / (√v̂ + ε)
      const shrunk = weightDecay && apart ? g.Mul(w, clock.kept) : w;
      return { candidate: g.Sub(shrunk, step), slots: { m, u } };
    },
    accept: (_, { candidate }) => candidate,
  };
}

/**
 * Adam (Kingma & Ba 2015, Algorithm 1): w ← w − lr·m̂/(√v̂ + ε). Weight decay, if any, is added to the gradient. Takes no penalty.
 * @throws UsageError for options out of range
 */
export const adam = defineOptimizer(
  {
    name: "adam",
    source: "Kingma & Ba 2015",
    minimizes: "f(W) in the metric √v̂ of running squared gradients, as torch.optim.Adam.",
    when: "Dense training where SGD wants too much tuning; LoRITa's fully connected nets.",
    paper: "betas 0.9, 0.999, eps 1e-8; LoRITa's nets lr 1e-2 with weightDecay 5e-6 … 2e-4.",
    demo: { lr: 2e-3, milestones: [6, 9] },
  },
  form({
    options: coupled,
    defaults: { lr: 1e-3, composed: { weightDecay: 1e-4 } },
    make: (options) => build(false, options),
  }),
);

/**
 * AdamW (Loshchilov & Hutter 2019, Algorithm 2): Adam with weight decay apart from the gradient, w ← (1 − lr·decay)·w − lr·m̂/(√v̂ + ε).
 * Takes no penalty.
 * @throws UsageError for options out of range
 */
export const adamw = defineOptimizer(
  {
    name: "adamw",
    source: "Loshchilov & Hutter 2019",
    minimizes: "f(W) as Adam, with weight decay apart from the gradient.",
    when: "Transformers, and whenever Adam is to be regularized.",
    paper: "weightDecay 0.01.",
    demo: { lr: 2e-3, milestones: [6, 9] },
  },
  form({ options: decoupled, defaults: { lr: 1e-3 }, make: (options) => build(true, options) }),
);
