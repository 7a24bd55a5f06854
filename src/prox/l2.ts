/** λ/2‖w‖² over the weights (tensors of two or more dimensions): shrinks, never to zero. */
import type { Value } from "../graph/types.ts";
import { groupSets } from "../groups/groups.ts";
import { checkLambda } from "./lambda.ts";
import type { Penalty } from "./penalty.ts";

/** @param lambda ≥ 0 */
export function l2({ lambda }: { lambda: number }): Penalty {
  checkLambda(lambda);
  return {
    name: "l2",
    options: { lambda },
    bind(graph) {
      const params = groupSets(graph, "element").flatMap((s) => s.members.map((m) => m.param));
      return {
        sets: [],
        value(g, w) {
          const sums = params.map((p) => g.ReduceSum(g.Mul(w.get(p)!, w.get(p)!), { keepdims: 0 }));
          return sums.length ? g.Mul(g.Sum(sums), lambda / 2) : g.scalar(0);
        },
        prox(g, w, step) {
          const factor = g.Reciprocal(g.Add(g.Mul(step, lambda), 1)); // w / (1 + step·λ)
          return new Map(params.map((p) => [p, g.Mul(w.get(p)!, factor)]));
        },
        proxInMetric(g, w, metric, step) {
          const shift = g.Mul(step, lambda);
          const factor = (d: Value) => g.Div(d, g.Add(d, shift)); // d·w / (d + step·λ)
          return new Map(params.map((p) => [p, g.Mul(w.get(p)!, factor(metric.get(p)!))]));
        },
      };
    },
  };
}
