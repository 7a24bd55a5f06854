/**
 * RMDA: regularized modernized dual averaging (Huang & Lee, ICLR 2022, arXiv 2112.02612, Algorithm 1).
 * At step t of a stage, with η the learning rate and G the gradient at the *averaged* iterate W:
 *   β ← √t,  s ← η√t,  α ← α + s,  V ← V + s·G   (`propose` is given s·G)
 *   W̃ ← prox_{(α/β)ψ}(W⁰ − V/β)
 *   W ← (1−c)·W + c·W̃
 * At a milestone a restart sets t = 0, α = 0, V = 0, W⁰ ← W. Only W̃ is sparse until c has reached 1; what only decays becomes 0 below
 * 2⁻¹⁰⁰, some 660 steps on at c = 0.1, as it would never get there and, once subnormal, slow every product (`flushed`).
 */
import { z } from "zod";
import type { Builder } from "../graph/builder.ts";
import { scaled } from "../graph/emit.ts";
import type { Value } from "../graph/types.ts";
import { averaging, averagingOptions, restartsAt, warnings } from "./averaging.ts";
import { defineOptimizer, form, type OptimizerRule } from "./define.ts";

const options = z.strictObject({
  c: averagingOptions.c
    .default(0.1)
    .meta({ description: "averaging constant, momentum in the paper", paper: "0.1, 0.01" }),
  momentumSchedule: averagingOptions.momentumSchedule.default("milestones"),
  restarts: averagingOptions.restarts,
});
/** Options of `rmda`. */
export type RmdaOptions = z.input<typeof options>;

type Numbers = "s" | "beta" | "c" | "keep";

function make({ c, momentumSchedule, restarts }: z.output<typeof options>): OptimizerRule<"w0" | "v", Numbers> {
  return {
    slots: ["w0", "v"],
    prox: "anew",
    ...(restarts && { restarts }),
    averages: "c",
    gradientScale: "s",
    sums: "v",
    clock: {
      numbers: ["s", "beta", "c", "keep"],
      start: () => ({ t: 0 }),
      tick(state, now, schedule) {
        const restart = restartsAt(now, schedule, restarts);
        const t = (restart ? 0 : state.t) + 1;
        const beta = Math.sqrt(t);
        const s = schedule.lr(now) * beta;
        const averagingNow = averaging(c, momentumSchedule, now, schedule);
        const numbers = { s, beta, c: averagingNow, keep: 1 - averagingNow };
        return { state: { t }, numbers, prox: { adds: s, over: beta }, restart }; // α/β
      },
    },
    init: (g, w) => ({ w0: g.Identity(w), v: g.Sub(w, w) }),
    propose(g, { dw, slots, clock }) {
      const v = g.Add(slots.v, dw); // V ← V + s·G
      return { candidate: inside(g, { w0: slots.w0, v }, clock), slots: { w0: slots.w0, v } };
    },
    accept: (g, { w, candidate, clock }) => g.Add(g.Mul(w, clock.keep), scaled(g, candidate, clock.c)),
    dual: (g, { slots, clock }) => ({ candidate: inside(g, slots, clock) }),
    warnings: (schedule, epochs, stepsPerEpoch) =>
      warnings({ c, momentumSchedule, restarts }, schedule, epochs, stepsPerEpoch),
  };
}

/** What the prox is applied to: W⁰ − V/β. */
const inside = (g: Builder, { w0, v }: Record<"w0" | "v", Value>, { beta }: { readonly beta: Value }) =>
  g.Sub(w0, g.Mul(v, g.Reciprocal(beta))); // to divide every number takes longer

/**
 * RMDA (Huang & Lee 2022, Algorithm 1; spelled out at the head of this file). Takes a penalty, and W has its exact zeros once c
 * has reached 1.
 * @throws UsageError for options out of range
 */
export const rmda = defineOptimizer(
  {
    name: "rmda",
    source: "Huang & Lee, ICLR 2022, arXiv 2112.02612",
    minimizes:
      "f(W) + ψ(W): W̃ = prox of W⁰ − V/√t where V sums √t-weighted gradients, W ← (1−c)W + cW̃. The gradients' noise averages out, so the zero pattern is found after finitely many steps and then stands still.",
    when: "The method to begin with: structure that is stable. Plan two epochs or more with c = 1 after the last milestone. A step costs about as much as one of momentum SGD.",
    paper:
      "lr 0.1 (ResNet-50 1.0), c 0.1 or 0.01, lr·0.1 and a restart at every milestone; λ 1e-3 (logistic), 1e-5 … 2e-4 (VGG-19, ResNet-50).",
    demo: { lr: 0.2, lambda: 2e-3, milestones: [6, 9] },
    renames: { momentum: "c" },
  },
  form({ options, defaults: { lr: 0.1, penalty: "groupLasso" }, make }),
);
