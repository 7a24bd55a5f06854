/**
 * ProxGen (Yun, Lozano & Yang, NeurIPS 2021) with AdamW's preconditioner, as Huang & Lee (2024) compare it (ProxAdamW):
 *   m ← β₁m + (1−β₁)g,  u ← β₂u + (1−β₂)g²,  D = √(u/(1−β₂ᵗ)) + ε
 *   W ← argmin_w ⟨lr/(1−β₁ᵗ)·m, w⟩ + ½‖w − W‖²_D + lr·ψ(w)
 * that is, the prox in the metric D of p = W − lr/(1−β₁ᵗ)·m/D. It is solved to the end inside the step graph
 * (prox/weighted.ts), where the papers' code runs proximal gradient iterations.
 */
import { z } from "zod";
import { defineOptimizer, form, type OptimizerRule } from "./define.ts";
import { momentOptions, moments } from "./moments.ts";

const options = z.strictObject(momentOptions);

function make({ betas, eps }: z.output<typeof options>): OptimizerRule<"m" | "u", "rate" | "grown" | "fresh"> {
  const [b1, b2] = betas;
  const { fresh, init, update } = moments({ betas });
  return {
    slots: ["m", "u"],
    adaptive: true,
    prox: "onward",
    gradientScale: "fresh",
    clock: {
      numbers: ["rate", "grown", "fresh"],
      start: () => ({ t: 0 }),
      tick(state, now, schedule) {
        const t = state.t + 1;
        const lr = schedule.lr(now);
        const numbers = { rate: lr / (1 - b1 ** t), grown: 1 / Math.sqrt(1 - b2 ** t), fresh };
        return { state: { t }, numbers, prox: lr, restart: false };
      },
    },
    init,
    propose(g, { w, dw, slots, clock }) {
      const { m, u } = update(g, slots, dw);
      const d = g.Add(g.Mul(g.Sqrt(u), clock.grown), eps);
      return { candidate: g.Sub(w, g.Mul(g.Div(m, d), clock.rate)), slots: { m, u }, metric: d };
    },
    accept: (_, { candidate }) => candidate,
  };
}

/**
 * ProxGen (Yun, Lozano & Yang 2021; spelled out at the head of this file): AdamW's step with both corrections, then the prox in its
 * metric. Takes a penalty that is solvable in a metric.
 * @throws UsageError for options out of range
 */
export const proxGen = defineOptimizer(
  {
    name: "proxGen",
    source: "Yun, Lozano & Yang, NeurIPS 2021",
    minimizes:
      "⟨m, W⟩ + ψ(W) + 1/(2·lr)·‖W − W_old‖² in the metric of AdamW; closed forms for ℓ₁, ℓ₀ and ℓ½, Newton for groups.",
    when: "Adam with a penalty on single weights, ℓ₀ and ℓ½ included.",
    paper: "betas 0.9, 0.999, eps 1e-8; lr 1e-3.",
    demo: { penalty: "lHalf", lr: 2e-3, lambda: 1e-4, milestones: [6, 9] },
  },
  form({ options, defaults: { lr: 1e-3, penalty: "groupLasso" }, make }),
);
