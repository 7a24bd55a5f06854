/** Penalties that are a sum over single weights: λ Σ ρ(w), over the tensors of two or more dimensions. */
import type { Builder } from "../graph/builder.ts";
import type { Value } from "../graph/types.ts";
import type { GroupSet } from "../groups/group-set.ts";
import { groupSets } from "../groups/groups.ts";
import type { Weights } from "../groups/slices.ts";
import type { PenaltyRule } from "./define.ts";

interface Elementwise {
  /** ρ, elementwise. */
  readonly rho: (g: Builder, x: Value) => Value;
  /** argmin_u ½(u − x)² + κ·ρ(u), elementwise; κ is a scalar or, in a metric, a tensor. */
  readonly prox: (g: Builder, x: Value, kappa: Value) => Value;
  /** ρ', elementwise, 0 at 0; absent where it has none. */
  readonly slope?: (g: Builder, x: Value) => Value;
  /** Whether ρ is |x| near 0, so that steps add up to what makes a weight zero. Default false. */
  readonly absolute?: boolean;
  /** False when it never makes a weight zero. Default true. */
  readonly sparse?: boolean;
}

/** The penalty of a ρ. Solvable in both metrics; with a slope it has a gradient. */
export function elementwise(
  lambda: number,
  { rho, prox, slope, absolute = false, sparse = true }: Elementwise,
): PenaltyRule {
  return {
    bind(graph) {
      const sets = groupSets(graph, "element");
      const params = sets.flatMap((s) => s.members.map((m) => m.param));
      return {
        sets: sparse ? sets : [],
        ...(absolute && { pull: ({ count }: GroupSet) => new Float64Array(count).fill(1) }),
        value(g, w) {
          const sums = params.map((p) => g.ReduceSum(rho(g, w.get(p)!), { keepdims: 0 }));
          return sums.length > 0 ? g.Mul(g.Sum(sums), lambda) : g.scalar(0);
        },
        prox(g, w, step) {
          const kappa = g.Mul(step, lambda);
          return new Map(params.map((p) => [p, prox(g, w.get(p)!, kappa)]));
        },
        proxInMetric(g, w, metric, step) {
          const kappa = g.Mul(step, lambda);
          return new Map(params.map((p) => [p, prox(g, w.get(p)!, g.Div(kappa, metric.get(p)!))]));
        },
        ...(slope && {
          gradient: (g: Builder, w: Weights) => new Map(params.map((p) => [p, g.Mul(slope(g, w.get(p)!), lambda)])),
        }),
      };
    },
  };
}
