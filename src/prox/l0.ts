/** λ‖w‖₀, the number of nonzero weights (tensors of two or more dimensions). Its prox is hard thresholding. */
import type { Builder } from "../graph/builder.ts";
import type { Value } from "../graph/types.ts";
import { groupSets } from "../groups/groups.ts";
import { checkLambda } from "./lambda.ts";
import type { Penalty } from "./penalty.ts";

/** @param lambda ≥ 0 */
export function l0({ lambda }: { lambda: number }): Penalty {
  checkLambda(lambda);
  // keep x where |x| > √(2·step·λ/d) (Yun, Lozano & Yang 2021, section 4)
  const keep = (g: Builder, x: Value, squaredThreshold: Value) =>
    g.Mul(x, g.Cast(g.Greater(g.Mul(x, x), squaredThreshold), { to: "float32" }));
  return {
    name: "l0",
    options: { lambda },
    bind(graph) {
      const sets = groupSets(graph, "element");
      const params = sets.flatMap((s) => s.members.map((m) => m.param));
      return {
        sets,
        value(g, w) {
          const counts = params.map((p) => {
            const zero = g.Cast(g.Equal(w.get(p)!, 0), { to: "float32" });
            return g.ReduceSum(g.Sub(1, zero), { keepdims: 0 });
          });
          return counts.length ? g.Mul(g.Sum(counts), lambda) : g.scalar(0);
        },
        prox(g, w, step) {
          const threshold = g.Mul(step, 2 * lambda);
          return new Map(params.map((p) => [p, keep(g, w.get(p)!, threshold)]));
        },
        proxInMetric(g, w, metric, step) {
          const threshold = g.Mul(step, 2 * lambda);
          return new Map(params.map((p) => [p, keep(g, w.get(p)!, g.Div(threshold, metric.get(p)!))]));
        },
      };
    },
  };
}
