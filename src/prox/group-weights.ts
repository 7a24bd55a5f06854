/** The weights ω_g of a group penalty. */
import type { Builder } from "../graph/builder.ts";
import { f32 } from "../graph/tensor.ts";
import type { Value } from "../graph/types.ts";
import type { GroupSet } from "../groups/group-set.ts";

/**
 * - "size": √(weights in the group), as the papers. With one λ for all layers it empties narrow layers first.
 * - "balanced": "size" scaled set by set, so that narrow sets are spared; see `groupWeights`.
 * - "uniform": 1.
 */
export type GroupWeights = "size" | "balanced" | "uniform";

/** λω_g of a set in the graph: [count], or a scalar when all are the same. */
export function strengths(g: Builder, omega: Float64Array, lambda: number): Value {
  const x = omega.map((w) => lambda * w);
  return x.every((one) => one === x[0]) ? g.scalar(x[0]) : g.constant(f32(x));
}

/** ω_g for every group of every set. */
export function groupWeights(sets: readonly GroupSet[], how: GroupWeights): Map<GroupSet, Float64Array> {
  const widest = Math.max(...sets.map((s) => s.count));
  return new Map(
    sets.map((set) => {
      const scale = how === "balanced" ? Math.sqrt(set.count / widest) : 1;
      return [set, set.sizes.map((n) => (how === "uniform" ? 1 : scale * Math.sqrt(n)))];
    }),
  );
}
