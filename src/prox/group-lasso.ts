/**
 * The group lasso λ Σ_g ω_g ‖w_g‖₂ (Yuan & Lin 2006). With ω_g = √(weights in g) and input-channel groups it is the
 * regularizer of the RMDA paper (Huang & Lee 2022).
 */
import { z } from "zod";
import type { Builder } from "../graph/builder.ts";
import type { Value } from "../graph/types.ts";
import type { GroupSet } from "../groups/group-set.ts";
import { definePenalty, type PenaltyRule } from "./define.ts";
import { counting, groupOptions, setsOf, WEIGHTS_TEXT, weightsOption } from "./group-options.ts";
import { changed, groupPenalty } from "./group-penalty.ts";
import { groupWeights, strengths } from "./group-weights.ts";
import { lambdaOf } from "./lambda.ts";
import { weightedGroupProx } from "./weighted.ts";

const options = z.strictObject({
  lambda: lambdaOf("1e-5 … 1e-3"),
  ...groupOptions,
  groups: groupOptions.groups.meta({ ...groupOptions.groups.meta(), paper: "inputChannel" }),
  weights: weightsOption.default("balanced").meta({ description: WEIGHTS_TEXT, paper: "size" }),
});
/** Options of `groupLasso`. */
export type GroupLassoOptions = z.input<typeof options>;

function make(said: z.output<typeof options>): PenaltyRule {
  const { lambda, groups, side, weights } = said;
  return {
    options: counting(said),
    bind(graph, times) {
      const sets = setsOf(graph, groups, side);
      const omega = groupWeights(graph, sets, { weights, groups, times });
      const thresholds = (g: Builder, of: readonly GroupSet[]) =>
        strengths(
          g,
          of.map((set) => omega.get(set)!),
          lambda,
        );
      return {
        pull: (set) => omega.get(set)!,
        ...groupPenalty(sets, {
          value: (g, of, r) => g.ReduceSum(g.Mul(r, thresholds(g, of)), { keepdims: 0 }),
          // w_g ← w_g · max(0, 1 − step·λω_g / ‖w_g‖)
          factors: (g, of, r, step) => g.Relu(g.Sub(1, g.Div(g.Mul(step, thresholds(g, of)), r))),
          slopes: (g, of, r) => g.Div(thresholds(g, of), r), // λω_g·w_g/‖w_g‖
        }),
        proxInMetric(g, w, metric, step) {
          const out = new Map<Value, Value>(w);
          if (lambda === 0) return new Map();
          weightedGroupProx(g, sets, out, metric, (of) => g.Mul(step, thresholds(g, of)));
          return changed(w, out);
        },
      };
    },
  };
}

/**
 * The group lasso λ Σ_g ω_g ‖w_g‖₂ (Yuan & Lin 2006), over groups of any kind; goes with every optimizer that takes a penalty.
 * @throws UsageError for a negative lambda, or for groups, a side or weights that are unknown
 */
export const groupLasso = definePenalty({
  name: "groupLasso",
  source: "Yuan & Lin 2006",
  minimizes: "λ Σ_g ω_g‖W_g‖₂. Prox: every group shrinks by step·λω_g, to exactly zero when shorter.",
  when: "The default. One λ decides everything; the weights `balanced` spare narrow layers, `size` are the papers' √size.",
  paper: "ω_g = √(weights in the group), input-channel groups.",
  demo: { optimizer: "rmda", lr: 0.2, lambda: 2e-3, milestones: [6, 9] },
  options,
  ways: ["prox", "metric", "gradient"],
  lambdaDecides: true,
  make,
});
