/**
 * Proximal SGD in two forms. "unit": with momentum and unit step, as Huang & Lee (2022) use it as a baseline so that structure
 * appears: m ← (1−ρ)m + ρg,  W ← prox_{lr·ψ}(W − lr·m), no restart. "yang": as published, see prox-sgd-yang.ts.
 */
import { z } from "zod";
import { defineOptimizer, form, type OptimizerRule } from "./define.ts";
import { yang } from "./prox-sgd-yang.ts";

const options = z.strictObject({
  form: z.literal("unit").default("unit").describe("unit step, or yang: as published, with two clocks"),
  rho: z.number().gt(0).max(1).default(0.1).describe("weight of the new gradient in the running mean"),
});

function make({ rho }: z.output<typeof options>): OptimizerRule<"m", "lr"> {
  return {
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

/**
 * Proximal SGD; takes a penalty. In the form "yang" the penalty must be solvable in a metric.
 * @throws UsageError for options out of range or of the other form
 */
export const proxSgd = defineOptimizer(
  {
    name: "proxSgd",
    source: "Huang & Lee 2022 (unit); Yang et al., ICLR 2020 (yang)",
    minimizes:
      "f(W) + ψ(W): W ← prox(W − lr·m) with a running mean m of gradients (form unit), or Yang et al.'s x ← x + ε_t(x̂ − x) with x̂ the prox in a metric (form yang).",
    when: "The plain proximal baseline. Its pattern flickers to the end: stop where it happens to be sparse, or take RMDA.",
    paper: "Form unit (Huang & Lee): lr 0.1, rho 0.1. Form yang: lr (ε₀) 0.06, rho 0.9, beta 0.999.",
    demo: { lr: 0.2, lambda: 2e-3, milestones: [6, 9] },
    renames: { momentum: "rho" },
  },
  form({ form: "unit", options, defaults: { lr: 0.1, penalty: "groupLasso" }, make }),
  yang,
);
/** Options of `proxSgd`, by its form. */
export type ProxSgdOptions = NonNullable<Parameters<typeof proxSgd>[0]>;
