/**
 * ProxSSI (Deleu & Bengio 2021, "Structured sparsity inducing adaptive optimizers", Algorithm 1 with AdamW):
 *   m ← β₁m + (1−β₁)g,  u ← β₂u + (1−β₂)g²,  d = √u + ε
 *   p = W − lr·(√(1−β₂ᵗ)/(1−β₁ᵗ))·m/d
 *   W ← argmin_w ½‖w − p‖²_d + lr·ψ(w)
 * As in the authors' code u in the metric is not bias-corrected, and the penalty's step is the plain lr.
 */
import { type MomentOptions, moments } from "./moments.ts";
import type { Optimizer } from "./optimizer.ts";

/**
 * ProxSSI (Deleu & Bengio 2021, Algorithm 1; spelled out at the head of this file): Adam's step, then the prox in its metric. Takes a
 * penalty that is solvable in a metric. betas default to [0.9, 0.999], eps to 1e-6.
 * @throws UsageError for options out of range
 */
export function proxSsi({ betas = [0.9, 0.999], eps = 1e-6 }: MomentOptions = {}): Optimizer<"m" | "u", "rate"> {
  const [b1, b2] = betas;
  const { init, update } = moments({ betas, eps });
  return {
    name: "proxSsi",
    options: { betas, eps },
    slots: ["m", "u"],
    adaptive: true,
    prox: "onward",
    clock: {
      numbers: ["rate"],
      start: () => ({ t: 0 }),
      tick(state, now, schedule) {
        const t = state.t + 1;
        const lr = schedule.lr(now);
        const rate = (lr * Math.sqrt(1 - b2 ** t)) / (1 - b1 ** t);
        return { state: { t }, numbers: { rate }, prox: lr, restart: false };
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
