/**
 * Proximal SGD in two forms. "unit": with momentum and unit step, as Huang & Lee (2022) use it as a baseline so that structure
 * appears: m ← (1−ρ)m + ρg,  W ← prox_{lr·ψ}(W − lr·m), no restart. "yang": as published, see prox-sgd-yang.ts.
 */

import { checkChoice, checkFraction } from "../checks.ts";
import { UsageError } from "../error.ts";
import type { Optimizer } from "./optimizer.ts";
import { proxSgdYang } from "./prox-sgd-yang.ts";

/** Options of `proxSgd`. */
export interface ProxSgdOptions {
  /** Default "unit". */
  readonly form?: "unit" | "yang";
  /** Weight of the new gradient in the running mean; in the form "yang" ρ₀ of its clock. Default 0.1; "yang": 0.9. */
  readonly rho?: number;
  /** Form "yang": decay of the second moment. Default 0.999. */
  readonly beta?: number;
  /** Form "yang": added to the metric, ≥ 1e-30. Default 1e-8. */
  readonly eps?: number;
}

/**
 * Proximal SGD; takes a penalty. In the form "yang" the penalty must be solvable in a metric.
 * @throws UsageError for options out of range or of the other form
 */
export function proxSgd(options: ProxSgdOptions = {}): Optimizer {
  const { form = "unit", rho, beta, eps } = options;
  checkChoice("form", form, ["unit", "yang"]);
  if (form === "yang") return proxSgdYang({ rho, beta, eps });
  if (beta !== undefined || eps !== undefined)
    throw new UsageError("beta and eps belong to the form yang", { got: "form unit" }, 'say form: "yang"');
  return unit(rho);
}

function unit(rho = 0.1): Optimizer<"m", "lr"> {
  checkFraction("rho", rho);
  return {
    name: "proxSgd",
    options: { form: "unit", rho },
    slots: ["m"],
    prox: "onward",
    clock: {
      numbers: ["lr"],
      start: () => ({}),
      tick(state, now, schedule) {
        const lr = schedule.lr(now);
        return { state, numbers: { lr }, prox: lr, restart: false };
      },
    },
    init: (g, w) => ({ m: g.Sub(w, w) }),
    propose(g, { w, dw, slots, clock }) {
      const m = g.Add(g.Mul(slots.m, 1 - rho), g.Mul(dw, rho));
      return { candidate: g.Sub(w, g.Mul(m, clock.lr)), slots: { m } };
    },
    accept: (_, { candidate }) => candidate,
  };
}
