/**
 * ProxSSI (Deleu & Bengio 2021, "Structured sparsity inducing adaptive optimizers", Algorithm 1 with AdamW):
 *   m ← β₁m + (1−β₁)g,  u ← β₂u + (1−β₂)g²,  d = √u + ε
 *   p = W − lr·(√(1−β₂ᵗ)/(1−β₁ᵗ))·m/d
 *   W ← argmin_w ½‖w − p‖²_d + lr·ψ(w)
 * As in the authors' code u in the metric is not bias-corrected, and the penalty's step is the plain lr.
 */
import { z } from "zod";
import { defineOptimizer, form, type OptimizerRule } from "./define.ts";
import { metricEps, momentOptions, moments } from "./moments.ts";

const options = z.strictObject({
  ...momentOptions,
  eps: metricEps.default(1e-6).describe("added to the root of the second moment"),
});

function make({ betas, eps }: z.output<typeof options>): OptimizerRule<"m" | "u", "rate" | "fresh"> {
  const [b1, b2] = betas;
  const { fresh, init, update } = moments({ betas });
  return {
    slots: ["m", "u"],
    adaptive: true,
    prox: "onward",
    gradientScale: "fresh",
    clock: {
      numbers: ["rate", "fresh"],
      start: () => ({ t: 0 }),
      tick(state, now, schedule) {
        const t = state.t + 1;
        const lr = schedule.lr(now);
        const rate = (lr * Math.sqrt(1 - b2 ** t)) / (1 - b1 ** t);
        return { state: { t }, numbers: { rate, fresh }, prox: lr, restart: false };
      },
    },
    init,
    propose(g, { w, dw, slots, clock }) {
      const { m, u } = update(g, slots, dw);
      const d = g.Add(g.Sqrt(u), eps);
      return { candidate: g.Sub(w, g.Mul(g.Div(m, d), clock.rate)), slots: { m, u }, metric: d };
    },
    accept: (_, { candidate }) => candidate,
  };
}

/**
 * ProxSSI (Deleu & Bengio 2021, Algorithm 1; spelled out at the head of this file): Adam's step, then the prox in its metric. Takes a
 * penalty that is solvable in a metric.
 * @throws UsageError for options out of range
 */
export const proxSsi = defineOptimizer(
  {
    name: "proxSsi",
    source: "Deleu & Bengio 2021, arXiv 2102.03869",
    minimizes:
      "f(W) + ψ(W) by Adam steps, each followed by the prox in Adam's metric, solved by Newton inside the step graph.",
    when: "Group sparsity with Adam's robustness to the learning rate.",
    paper: "betas 0.9, 0.999, eps 1e-6; lr 1e-3, λ 5e-7 … 1e-3 in the RAMDA experiments.",
    demo: { lr: 2e-3, lambda: 5e-4, milestones: [6, 9] },
  },
  form({ options, defaults: { lr: 1e-3, penalty: "groupLasso" }, make }),
);
