/**
 * RDA: regularized dual averaging (Xiao, JMLR 2010, Algorithm 1 with h = ½‖w‖² and β_t = γ√t, equation 25 for ℓ1).
 * With ḡ_t the mean of all gradients so far, w ← argmin ⟨ḡ_t, w⟩ + ψ(w) + (γ/√t)·½‖w‖², that is
 *   w ← prox_{(√t/γ)ψ}( −(√t/γ)·ḡ_t )
 * Centred at zero and without restarts, as published; RMDA differs in exactly that. Here 1/γ is the learning rate.
 */
import type { Optimizer } from "./optimizer.ts";

/**
 * RDA (Xiao 2010, Algorithm 1; spelled out at the head of this file): the mean of all gradients decides, not the last point. Takes a
 * penalty and finds its exact zeros. It begins at 0, wherever the model stands, and has no options: 1/γ is the schedule's lr.
 */
export function rda(): Optimizer<"mean", "share" | "scale"> {
  return {
    name: "rda",
    options: {},
    slots: ["mean"],
    prox: "anew",
    clock: {
      numbers: ["share", "scale"],
      start: () => ({ t: 0 }),
      tick(state, now, schedule) {
        const t = state.t + 1;
        const scale = schedule.lr(now) * Math.sqrt(t);
        return { state: { t }, numbers: { share: 1 / t, scale }, prox: scale, restart: false };
      },
    },
    init: (g, w) => ({ mean: g.Sub(w, w) }),
    propose(g, { dw, slots, clock }) {
      const mean = g.Add(slots.mean, g.Mul(g.Sub(dw, slots.mean), clock.share)); // ḡ_t = ḡ_{t−1} + (g_t − ḡ_{t−1})/t
      return { candidate: g.Neg(g.Mul(mean, clock.scale)), slots: { mean } };
    },
    accept: (_, { candidate }) => candidate,
  };
}
