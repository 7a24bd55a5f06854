/**
 * Proximal SGD with momentum and unit step, as Huang & Lee (2022) use it as a baseline:
 * m ← (1−ρ)m + ρg,  W ← prox_{lr·ψ}(W − lr·m). No restart.
 */

import type { Optimizer } from "./optimizer.ts";
import { checkFraction } from "./options.ts";

/** Options of `proxSgd`. */
export interface ProxSgdOptions {
  /** Weight of the new gradient in the running mean. Default 0.1. */
  readonly rho?: number;
}

/** Proximal SGD; takes a penalty. */
export function proxSgd({ rho = 0.1 }: ProxSgdOptions = {}): Optimizer<"m", "lr" | "proxStep"> {
  checkFraction("rho", rho);
  return {
    name: "proxSgd",
    options: { rho },
    slots: ["m"],
    averages: false,
    proxStep: "proxStep",
    clock: {
      numbers: ["lr", "proxStep"],
      start: () => ({}),
      tick(state, now, schedule) {
        const lr = schedule.lr(now);
        return { state, numbers: { lr, proxStep: lr * now.penaltyShare }, restart: false };
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
