/**
 * RDA: regularized dual averaging (Xiao, JMLR 2010, Algorithm 1 with h = ½‖w‖² and β_t = γ√t, equation 25 for ℓ1).
 * With ḡ_t the mean of all gradients so far, w ← argmin ⟨ḡ_t, w⟩ + ψ(w) + (γ/√t)·½‖w‖², that is
 *   w ← prox_{(√t/γ)ψ}( −(√t/γ)·ḡ_t )
 * Centred at zero and without restarts, as published; RMDA differs in exactly that. Here 1/γ is the learning rate.
 */
import { z } from "zod";
import { defineOptimizer, form, type OptimizerRule } from "./define.ts";

const options = z.strictObject({});

function make(): OptimizerRule<"mean", "share" | "scale"> {
  return {
    slots: ["mean"],
    prox: "anew",
    beginsAtZero: true,
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

/**
 * RDA (Xiao 2010, Algorithm 1; spelled out at the head of this file): the mean of all gradients decides, not the last point. Takes a
 * penalty and finds its exact zeros. It begins at 0, wherever the model stands, and has no options: 1/γ is the schedule's lr.
 */
export const rda = defineOptimizer(
  {
    name: "rda",
    source: "Xiao, JMLR 2010",
    minimizes: "⟨ḡ, w⟩ + ψ(w) + (β_t/t)·½‖w‖²: the running mean ḡ of all gradients, no averaging, no restart.",
    when: "Convex problems (logistic regression), and as the ancestor of RMDA. Deep nets start at its centre 0 only with luck.",
    paper: "β_t = γ√t; here γ = 1/lr.",
    demo: { model: "logistic", penalty: "l1", lr: 0.05, lambda: 1e-3 },
  },
  form({ options, defaults: { lr: 0.1, penalty: "groupLasso" }, make }),
);
