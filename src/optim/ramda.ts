/**
 * RAMDA: regularized adaptive momentum dual averaging (Huang & Lee, NeurIPS 2024, arXiv 2403.14398, Algorithm 1).
 * As RMDA (rmda.ts) with s = η√t, α ← α + s, V ← V + s·G, and a diagonal metric:
 *   U ← U + s·G∘G,  P = ∛U + ε
 *   Ŵ ← argmin_w α·ψ(w) + ⟨V, w⟩ + ½‖w − W⁰‖²_P,  the prox in the metric P of W⁰ − V/P
 *   W ← (1−c)·W + c·Ŵ
 * At a restart t = α = V = U = 0, W⁰ ← W and ε ← γε. The authors solve the subproblem by screening and proximal gradient steps
 * with a stopping rule; here it is solved to the end inside the step graph (prox/weighted.ts; its first line is the screening).
 */
import { z } from "zod";
import type { Builder } from "../graph/builder.ts";
import { cubeRoot, scaled } from "../graph/emit.ts";
import type { Value } from "../graph/types.ts";
import { averaging, averagingOptions, restartsAt, warnings } from "./averaging.ts";
import { defineOptimizer, form, type OptimizerRule } from "./define.ts";
import { metricEps } from "./moments.ts";

const options = z.strictObject({
  c: averagingOptions.c.default(0.01).describe("averaging constant, momentum in the paper"),
  momentumSchedule: averagingOptions.momentumSchedule.default("ramp"),
  eps: metricEps.default(1e-6).describe("added to the metric, multiplied by gamma at every restart"),
  restarts: averagingOptions.restarts,
});
/** Options of `ramda`. */
export type RamdaOptions = z.input<typeof options>;

type Numbers = "s" | "eps" | "c" | "keep";

function make({
  c,
  momentumSchedule,
  eps,
  restarts,
}: z.output<typeof options>): OptimizerRule<"w0" | "v" | "u", Numbers> {
  return {
    slots: ["w0", "v", "u"],
    adaptive: true,
    prox: "anew",
    ...(restarts && { restarts }),
    averages: "c",
    gradientScale: "s",
    clock: {
      numbers: ["s", "eps", "c", "keep"],
      start: () => ({ t: 0, eps }),
      tick(state, now, schedule) {
        const restart = restartsAt(now, schedule, restarts);
        const t = (restart ? 0 : state.t) + 1;
        const s = schedule.lr(now) * Math.sqrt(t);
        const epsilon = restart ? state.eps * schedule.gamma : state.eps;
        const averagingNow = averaging(c, momentumSchedule, now, schedule);
        return {
          state: { t, eps: epsilon },
          numbers: { s, eps: epsilon, c: averagingNow, keep: 1 - averagingNow },
          prox: { adds: s, over: 1 }, // α
          restart,
        };
      },
    },
    init: (g, w) => ({ w0: g.Identity(w), v: g.Sub(w, w), u: g.Sub(w, w) }),
    propose(g, { dw, slots, clock }) {
      const v = g.Add(slots.v, dw); //                                         V ← V + s·G, which is given
      const perScale = g.Reciprocal(g.Max([clock.s, 1e-30])); //                at a learning rate of 0 nothing is added
      const u = g.Add(slots.u, g.Mul(g.Mul(dw, dw), perScale)); //             U ← U + s·G∘G
      return { ...inside(g, { w0: slots.w0, v, u }, clock), slots: { w0: slots.w0, v, u } };
    },
    accept: (g, { w, candidate, clock }) => g.Add(g.Mul(w, clock.keep), scaled(g, candidate, clock.c)),
    dual: (g, { slots, clock }) => inside(g, slots, clock),
    warnings: (schedule, epochs, stepsPerEpoch) =>
      warnings({ c, momentumSchedule, restarts }, schedule, epochs, stepsPerEpoch),
  };
}

/** What the prox is applied to: W⁰ − V/P in the metric P = ∛U + ε. */
function inside(g: Builder, { w0, v, u }: Record<"w0" | "v" | "u", Value>, { eps }: { readonly eps: Value }) {
  const metric = g.Add(cubeRoot(g, u), eps);
  return { candidate: g.Sub(w0, g.Div(v, metric)), metric };
}

/**
 * RAMDA (Huang & Lee 2024, Algorithm 1; spelled out at the head of this file): RMDA in the metric ∛U + ε. Takes a penalty that is
 * solvable in a metric, and W has its exact zeros once c has reached 1.
 * @throws UsageError for options out of range
 */
export const ramda = defineOptimizer(
  {
    name: "ramda",
    source: "Huang & Lee, NeurIPS 2024, arXiv 2403.14398",
    minimizes:
      "The same in the metric ∛U + ε of weighted squared gradients, with Newton's steps on the weighted subproblem where the paper iterates until its stopping rule holds (they end within 1e-7 of the solution).",
    when: "Where adaptive methods are needed (transformers, recurrent nets). On small image nets RMDA is as good or better, as its paper says.",
    paper:
      "lr 1e-2, c 0.01 ramped over the last stage (10,000 steps until it is 1: on short runs take a larger c), ε 1e-6, multiplied by 0.1 at restarts; λ 2e-7 … 1e-3.",
    demo: { lr: 0.02, c: 0.1, lambda: 2e-3, milestones: [6, 9] },
    renames: { momentum: "c" },
  },
  form({ options, defaults: { lr: 1e-2, penalty: "groupLasso" }, make }),
);
