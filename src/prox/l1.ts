/** λ‖w‖₁ over the weights (tensors of two or more dimensions); the lasso (Tibshirani 1996). */

import type { Builder } from "../graph/builder.ts";
import type { Value } from "../graph/types.ts";
import { groupSets } from "../groups/groups.ts";
import { checkLambda } from "./lambda.ts";
import type { Penalty } from "./penalty.ts";

/** sign(x)·max(|x| − θ, 0) = x − clamp(x, −θ, θ): exactly zero inside. */
const soft = (g: Builder, x: Value, threshold: Value): Value =>
  g.Sub(x, g.Max([g.Min([x, threshold]), g.Neg(threshold)]));

/** @param lambda ≥ 0 */
export function l1({ lambda }: { lambda: number }): Penalty {
  checkLambda(lambda);
  return {
    name: "l1",
    options: { lambda },
    bind(graph) {
      const sets = groupSets(graph, "element");
      const params = sets.flatMap((s) => s.members.map((m) => m.param));
      return {
        sets,
        value(g, w) {
          const sums = params.map((p) => g.ReduceSum(g.Abs(w.get(p)!), { keepdims: 0 }));
          return sums.length ? g.Mul(g.Sum(sums), lambda) : g.scalar(0);
        },
        prox(g, w, step) {
          const threshold = g.Mul(step, lambda);
          return new Map(params.map((p) => [p, soft(g, w.get(p)!, threshold)]));
        },
        proxInMetric(g, w, metric, step) {
          const threshold = g.Mul(step, lambda);
          return new Map(params.map((p) => [p, soft(g, w.get(p)!, g.Div(threshold, metric.get(p)!))]));
        },
      };
    },
  };
}
