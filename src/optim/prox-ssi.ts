/**
 * ProxSSI (Deleu & Bengio 2021, "Structured sparsity inducing adaptive optimizers", Algorithm 1 with AdamW):
 *   m ← β₁m + (1−β₁)g,  u ← β₂u + (1−β₂)g²,  d = √u + ε
 *   p = W − lr·(√(1−β₂ᵗ)/(1−β₁ᵗ))·m/d
 *   W ← argmin_w ½‖w − p‖²_d + lr·ψ(w)
 * As in the authors' code u in the metric is not bias-corrected, and the penalty's step is the plain lr.
 */
import type { Optimizer } from "./optimizer.ts";
import { checkEps, checkRange } from "./options.ts";

export interface ProxSsiOptions {
  /** Decay of the first and second moment. Default [0.9, 0.999]. */
  readonly betas?: readonly [number, number];
  /** ≥ 1e-30. Default 1e-6. */
  readonly eps?: number;
}

export function proxSsi({
  betas = [0.9, 0.999],
  eps = 1e-6,
}: ProxSsiOptions = {}): Optimizer<"m" | "u", "rate" | "proxStep"> {
  const [b1, b2] = betas;
  checkRange("betas[0]", b1, 0, 1);
  checkRange("betas[1]", b2, 0, 1);
  checkEps(eps);
  return {
    name: "proxSsi",
    options: { betas, eps },
    slots: ["m", "u"],
    averages: false,
    adaptive: true,
    proxStep: "proxStep",
    clock: {
      numbers: ["rate", "proxStep"],
      start: () => ({ t: 0 }),
      tick(state, now, schedule) {
        const t = state.t + 1;
        const lr = schedule.lr(now);
        const rate = (lr * Math.sqrt(1 - b2 ** t)) / (1 - b1 ** t);
        return { state: { t }, numbers: { rate, proxStep: lr * now.penaltyShare }, restart: false };
      },
    },
    init: (g, w) => ({ m: g.Sub(w, w), u: g.Sub(w, w) }),
    propose(g, { w, dw, slots, clock }) {
      const m = g.Add(g.Mul(slots.m, b1), g.Mul(dw, 1 - b1));
      const u = g.Add(g.Mul(slots.u, b2), g.Mul(g.Mul(dw, dw), 1 - b2));
      const d = g.Add(g.Sqrt(u), eps);
      return { candidate: g.Sub(w, g.Mul(g.Div(m, d), clock.rate)), slots: { m, u }, metric: d };
    },
    accept: (_, { candidate }) => candidate,
  };
}
