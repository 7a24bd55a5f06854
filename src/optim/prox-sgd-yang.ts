/**
 * ProxSGD as published (Yang, Yuan, Chatzinotas & Ottersten, ICLR 2020, "ProxSGD: Training structured neural networks under
 * regularization and constraints", algorithm 1), with its two clocks ρ_t = ρ/√(t+4) and ε_t = lr/√(t+4), t from 1:
 *   v ← (1−ρ_t)v + ρ_t·g,  r ← βr + (1−β)g²,  τ = √(r/(1−βᵗ)) + eps
 *   x̂ ← argmin_u ⟨v, u − x⟩ + ½‖u − x‖²_τ + ψ(u), the prox in the metric τ of x − v/τ
 *   x ← x + ε_t(x̂ − x)
 * As ε_t < 1, that is lr < √5, x is an average and never exactly sparse; x̂ is. (The authors' PyTorch code has β^{t+1} in τ.)
 * The paper's constraints are left out: there u lies in a box, x̂ ← clip(x̂); here weights are bounded by nothing.
 */

import { checkEps, checkFraction, checkRange } from "../checks.ts";
import type { Builder } from "../graph/builder.ts";
import type { Value } from "../graph/types.ts";
import { named, say, type Words } from "../message.ts";
import type { Optimizer } from "./optimizer.ts";
import type { Moment, Schedule } from "./schedule.ts";

export interface YangOptions {
  /** ρ₀, in (0, 1]. Default 0.9. */
  readonly rho?: number;
  /** Decay β of the second moment. Default 0.999. */
  readonly beta?: number;
  /** ≥ 1e-30. Default 1e-8. */
  readonly eps?: number;
}

type Numbers = "rho" | "keep" | "correction" | "epsilon";

/** ε_t */
const epsilon = (t: number, now: Moment, schedule: Schedule) => schedule.lr(now) / Math.sqrt(t + 4);

/** What is said where ε_t exceeds 1 at the first or the last step of an epoch. */
function outside(schedule: Schedule, epochs: number, stepsPerEpoch: number): Words[] {
  const at = (epoch: number, step: number) =>
    epsilon(epoch * stepsPerEpoch + step + 1, { epoch, step, stepsPerEpoch, epochs }, schedule);
  const ends = Array.from({ length: epochs }, (_, epoch) => Math.max(at(epoch, 0), at(epoch, stepsPerEpoch - 1)));
  const most = Math.max(...ends);
  if (most <= 1) return [];
  return [
    say`${named("proxSgd")} in the form "yang" moves by lr/√(t+4), here up to ${most.toFixed(2)}: beyond 1 it is no average and overshoots; choose an lr of at most √5`,
  ];
}

export function proxSgdYang({
  rho = 0.9,
  beta = 0.999,
  eps = 1e-8,
}: YangOptions): Optimizer<"v" | "r" | "inside", Numbers> {
  checkFraction("rho", rho);
  checkRange("beta", beta, 0, 1);
  checkEps(eps);
  const metricOf = (g: Builder, r: Value, correction: Value) => g.Add(g.Sqrt(g.Div(r, correction)), eps); // τ
  return {
    name: "proxSgd",
    options: { form: "yang", rho, beta, eps },
    slots: ["v", "r", "inside"],
    adaptive: true,
    prox: "anew",
    clock: {
      numbers: ["rho", "keep", "correction", "epsilon"],
      start: () => ({ t: 0 }),
      tick(state, now, schedule) {
        const t = state.t + 1;
        const root = Math.sqrt(t + 4);
        const numbers = {
          rho: rho / root,
          keep: 1 - rho / root,
          correction: 1 - beta ** t,
          epsilon: epsilon(t, now, schedule),
        };
        return { state: { t }, numbers, prox: 1, restart: false };
      },
    },
    init: (g, w) => ({ v: g.Sub(w, w), r: g.Sub(w, w), inside: w }),
    propose(g, { w, dw, slots, clock }) {
      const v = g.Add(g.Mul(slots.v, clock.keep), g.Mul(dw, clock.rho));
      const r = g.Add(g.Mul(slots.r, beta), g.Mul(g.Mul(dw, dw), 1 - beta));
      const metric = metricOf(g, r, clock.correction);
      const inside = g.Sub(w, g.Div(v, metric)); // kept, as x has moved on when the structure of x̂ is measured
      return { candidate: inside, metric, slots: { v, r, inside } };
    },
    accept: (g, { w, candidate, clock }) => g.Add(w, g.Mul(g.Sub(candidate, w), clock.epsilon)),
    dual: (g, { slots: { inside, r }, clock }) => ({ candidate: inside, metric: metricOf(g, r, clock.correction) }),
    warnings: (schedule, epochs, stepsPerEpoch) => [
      ...outside(schedule, epochs, stepsPerEpoch),
      'proxSgd in the form "yang" averages to the end: only the point inside its prox is exactly sparse, and the model that is written is not. Use the form "unit" for a smaller file',
    ],
  };
}
