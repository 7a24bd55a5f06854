/**
 * The group lasso λ Σ_g ω_g ‖w_g‖₂ (Yuan & Lin 2006). With ω_g = √(weights in g) and input-channel groups it is the
 * regularizer of the RMDA paper (Huang & Lee 2022).
 */
import type { Builder } from "../graph/builder.ts";
import type { Value } from "../graph/types.ts";
import type { GroupSet } from "../groups/group-set.ts";
import { checkGroupOptions, type GroupOptions, setsOf } from "./group-options.ts";
import { changed, groupPenalty } from "./group-penalty.ts";
import { type GroupWeights, groupWeights, strengths } from "./group-weights.ts";
import { checkLambda } from "./lambda.ts";
import type { Penalty } from "./penalty.ts";
import { weightedGroupProx } from "./weighted.ts";

/** Options of `groupLasso`. */
export interface GroupLassoOptions extends GroupOptions {
  /** Strength, ≥ 0. */
  readonly lambda: number;
  /** ω_g, see `GroupWeights`. Default "balanced". */
  readonly weights?: GroupWeights;
}

/**
 * The group lasso λ Σ_g ω_g ‖w_g‖₂ (Yuan & Lin 2006), over groups of any kind; goes with every optimizer that takes a penalty.
 * @throws UsageError for a negative lambda, or for groups, a side or weights that are unknown
 */
export function groupLasso({
  lambda,
  groups = "coupled",
  side = "consumer",
  weights = "balanced",
}: GroupLassoOptions): Penalty {
  checkLambda(lambda);
  checkGroupOptions(groups, side, weights);
  return {
    name: "groupLasso",
    options: { lambda, groups, ...(groups === "coupled" && { side }), weights },
    ways: ["prox", "metric", "gradient"],
    bind(graph) {
      const sets = setsOf(graph, groups, side);
      const omega = groupWeights(sets, weights);
      const thresholds = (g: Builder, set: GroupSet) => strengths(g, omega.get(set)!, lambda);
      return {
        ...groupPenalty(sets, {
          value: (g, set, r) => g.ReduceSum(g.Mul(r, thresholds(g, set)), { keepdims: 0 }),
          // w_g ← w_g · max(0, 1 − step·λω_g / ‖w_g‖)
          factors: (g, set, r, step) => g.Relu(g.Sub(1, g.Div(g.Mul(step, thresholds(g, set)), r))),
          slopes: (g, set, r) => g.Div(thresholds(g, set), r), // λω_g·w_g/‖w_g‖
        }),
        proxInMetric(g, w, metric, step) {
          const out = new Map<Value, Value>(w);
          if (lambda === 0) return new Map();
          for (const set of sets) weightedGroupProx(g, set, out, metric, g.Mul(step, thresholds(g, set)));
          return changed(w, out);
        },
      };
    },
  };
}
