/**
 * gRDA: generalized regularized dual averaging, for directional pruning (Chao, Wang, Xing & Cheng, NeurIPS 2020,
 * equation 4; with a changing learning rate as the authors' PyTorch code accumulates the threshold):
 *   a ← a − γ_n·∇f(w)
 *   G ← G + c·γ_n^{½+μ}·(n^μ − (n−1)^μ)
 *   w ← sign(a)·max(|a| − G, 0)
 * a starts at the initial weights. Every trained tensor is thresholded, biases and norm parameters too, and no other penalty applies.
 */

import { checkRange } from "../checks.ts";
import { groupSets } from "../groups/groups.ts";
import type { Optimizer } from "./optimizer.ts";

/** Options of `grda`. */
export interface GrdaOptions {
  /** Strength, ≥ 0; the authors advise 0 < c < 0.005; 0 = plain SGD. Default 0.005. */
  readonly c?: number;
  /** Growth of the threshold, ≥ 0; best in (0.5, 1), the authors advise 0.501, 0.51 or 0.55. Default 0.51. */
  readonly mu?: number;
}

/**
 * gRDA (Chao et al. 2020, equation 4; spelled out at the head of this file): SGD behind a soft threshold that grows, which makes
 * single weights exactly zero. Takes no penalty.
 * @throws UsageError for options out of range
 */
export function grda({ c = 0.005, mu = 0.51 }: GrdaOptions = {}): Optimizer<"a", "lr" | "threshold"> {
  checkRange("c", c, 0, Number.POSITIVE_INFINITY);
  checkRange("mu", mu, 0, Number.POSITIVE_INFINITY);
  const unbound: Optimizer<"a", "lr" | "threshold"> = {
    name: "grda",
    options: { c, mu },
    slots: ["a"],
    clock: {
      numbers: ["lr", "threshold"],
      start: () => ({ n: 0, threshold: 0 }),
      tick(state, now, schedule) {
        const n = state.n + 1;
        const lr = schedule.lr(now);
        const threshold = state.threshold + c * lr ** (0.5 + mu) * (n ** mu - (n - 1) ** mu);
        return { state: { n, threshold }, numbers: { lr, threshold }, restart: false };
      },
    },
    init: (g, w) => ({ a: g.Identity(w) }),
    propose(g, { dw, slots, clock }) {
      const a = g.Sub(slots.a, g.Mul(dw, clock.lr));
      // sign(a)·max(|a| − G, 0) = a − clamp(a, −G, G): exactly zero inside
      const clamped = g.Max([g.Min([a, clock.threshold]), g.Neg(clock.threshold)]);
      return { candidate: g.Sub(a, clamped), slots: { a } };
    },
    accept: (_, { candidate }) => candidate,
    bind: ({ graph }) => ({ ...unbound, sets: groupSets(graph, "element") }),
  };
  return unbound;
}
