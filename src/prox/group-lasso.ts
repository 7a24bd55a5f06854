/**
 * The group lasso λ Σ_g ω_g ‖w_g‖₂ (Yuan & Lin 2006). With ω_g = √(weights in g) and input-channel groups it is the
 * regularizer of the RMDA paper (Huang & Lee 2022).
 */
import type { Builder } from "../graph/builder.ts";
import { f32 } from "../graph/tensor.ts";
import type { Value } from "../graph/types.ts";
import type { GroupSet } from "../groups/groups.ts";
import { addGroups, groupSquares, scaleGroups, type Weights } from "../groups/slices.ts";
import { checkGroupOptions, type GroupOptions, setsOf } from "./group-options.ts";
import { type GroupWeights, groupWeights } from "./group-weights.ts";
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

/** The entries of `after` that differ from `before`. */
const changed = (before: Weights, after: ReadonlyMap<Value, Value>): Map<Value, Value> =>
  new Map([...after].filter(([p, v]) => before.get(p) !== v));

const TINY = 1e-30; // keeps θ/‖w‖ finite for a group that is zero already; its factor is then Relu(−∞…) = 0

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
    options: { lambda, groups, side, weights },
    ways: ["prox", "metric", "gradient"],
    bind(graph) {
      const sets = setsOf(graph, groups, side);
      const omega = groupWeights(sets, weights);
      const thresholds = (g: Builder, set: GroupSet) => {
        const w = omega.get(set)!.map((x) => x * lambda);
        return w.every((x) => x === w[0]) ? g.scalar(w[0]) : g.constant(f32(w));
      };
      return {
        sets,
        value(g, w) {
          const sums = sets.map((set) =>
            g.ReduceSum(g.Mul(g.Sqrt(groupSquares(g, set, w)), thresholds(g, set)), { keepdims: 0 }),
          );
          return sums.length === 1 ? sums[0] : g.Sum(sums);
        },
        prox(g, w, step) {
          const out = new Map<Value, Value>(w);
          for (const set of sets) {
            // w_g ← w_g · max(0, 1 − step·λω_g / ‖w_g‖)
            const norms = g.Max([g.Sqrt(groupSquares(g, set, w)), TINY]);
            const factors = g.Relu(g.Sub(1, g.Div(g.Mul(step, thresholds(g, set)), norms)));
            scaleGroups(g, set, factors, out);
          }
          return changed(w, out);
        },
        gradient(g, w) {
          const sums = new Map<Value, Value>();
          for (const set of sets) {
            const norms = g.Max([g.Sqrt(groupSquares(g, set, w)), TINY]);
            addGroups(g, set, g.Div(thresholds(g, set), norms), w, sums); // λω_g·w_g/‖w_g‖
          }
          return sums;
        },
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
