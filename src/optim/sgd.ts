/** Stochastic gradient descent with momentum, as torch.optim.SGD (dampening 0). The dense baseline. */

import { checkRange } from "../checks.ts";
import type { Optimizer } from "./optimizer.ts";

/** Options of `sgd`. */
export interface SgdOptions {
  /** μ, in [0, 1). Default 0.9. */
  readonly momentum?: number;
  /** Nesterov's variant. Default false. */
  readonly nesterov?: boolean;
  /** L2 added to the gradient of every parameter, ≥ 0. Default 0. */
  readonly weightDecay?: number;
}

/**
 * SGD with momentum: v ← μv + g, w ← w − lr·v. Takes no penalty.
 * @throws UsageError for options out of range
 */
export function sgd({ momentum = 0.9, nesterov = false, weightDecay = 0 }: SgdOptions = {}): Optimizer<"v", "lr"> {
  checkRange("momentum", momentum, 0, 1);
  checkRange("weightDecay", weightDecay, 0, Number.POSITIVE_INFINITY);
  return {
    name: "sgd",
    options: { momentum, nesterov, weightDecay },
    slots: ["v"],
    clock: {
      numbers: ["lr"],
      start: () => ({}),
      tick: (state, now, schedule) => ({ state, numbers: { lr: schedule.lr(now) }, restart: false }),
    },
    init: (g, w) => ({ v: g.Sub(w, w) }),
    propose(g, { w, dw, slots, clock }) {
      const d = weightDecay ? g.Add(dw, g.Mul(w, weightDecay)) : dw;
      const v = g.Add(g.Mul(slots.v, momentum), d); //            v ← μv + g
      const step = nesterov ? g.Add(d, g.Mul(v, momentum)) : v;
      return { candidate: g.Sub(w, g.Mul(step, clock.lr)), slots: { v } }; // w ← w − lr·v
    },
    accept: (_, { candidate }) => candidate,
  };
}
