/** The momentum of torch.optim.SGD (dampening 0), as plain and masked SGD share it. */
import { checkRange } from "../checks.ts";
import type { Optimizer } from "./optimizer.ts";

/** Options of `sgd`, `rigl` and `magnitude`. */
export interface SgdOptions {
  /** μ, in [0, 1). Default 0.9. */
  readonly momentum?: number;
  /** Nesterov's variant. Default false. */
  readonly nesterov?: boolean;
  /** L2 added to the gradient of every parameter, ≥ 0. Default 0. */
  readonly weightDecay?: number;
}

/**
 * v ← μv + g, w ← w − lr·v.
 * @throws UsageError for options out of range
 */
export function momentumStep({
  momentum,
  nesterov,
  weightDecay,
}: Required<SgdOptions>): Pick<Optimizer<"v", "lr">, "propose" | "accept"> {
  checkRange("momentum", momentum, 0, 1);
  checkRange("weightDecay", weightDecay, 0, Number.POSITIVE_INFINITY);
  return {
    propose(g, { w, dw, slots, clock }) {
      const d = weightDecay ? g.Add(dw, g.Mul(w, weightDecay)) : dw;
      const v = g.Add(g.Mul(slots.v, momentum), d); //            v ← μv + g
      const step = nesterov ? g.Add(d, g.Mul(v, momentum)) : v;
      return { candidate: g.Sub(w, g.Mul(step, clock.lr)), slots: { v } }; // w ← w − lr·v
    },
    accept: (_, { candidate }) => candidate,
  };
}
