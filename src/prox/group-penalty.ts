/** What all penalties of group norms share: the norms of every set, and factors that scale its groups in the prox and the gradient. */
import type { Builder } from "../graph/builder.ts";
import type { Value } from "../graph/types.ts";
import type { GroupSet } from "../groups/group-set.ts";
import { addGroups, groupSquares, scaleGroups, TINY, type Weights } from "../groups/slices.ts";
import type { BoundPenalty } from "./penalty.ts";

/** ψ = Σ over the sets of a function of their norms r = ‖w_g‖, [count]. */
interface OfNorms {
  /** ψ of one set, a scalar. */
  value(g: Builder, set: GroupSet, r: Value): Value;
  /** What the prox multiplies every group by: [count]. r > 0. */
  factors(g: Builder, set: GroupSet, r: Value, step: Value): Value;
  /** What w_g is multiplied by in ∇ψ, ψ'/r: [count]. r > 0. */
  slopes(g: Builder, set: GroupSet, r: Value): Value;
}

/** @param least stands for the norm of a group that is zero in `factors` and `slopes`; whatever they say of it, it stays zero */
export function groupPenalty(
  sets: readonly GroupSet[],
  { value, factors, slopes }: OfNorms,
  least = TINY,
): Required<Pick<BoundPenalty, "sets" | "value" | "prox" | "gradient">> {
  const norms = (g: Builder, set: GroupSet, w: Weights) => g.Sqrt(groupSquares(g, set, w));
  const positive = (g: Builder, set: GroupSet, w: Weights) => g.Max([norms(g, set, w), least]);
  return {
    sets,
    value(g, w) {
      const sums = sets.map((set) => value(g, set, norms(g, set, w)));
      return sums.length === 1 ? sums[0] : g.Sum(sums);
    },
    prox(g, w, step) {
      const out = new Map<Value, Value>(w);
      for (const set of sets) scaleGroups(g, set, factors(g, set, positive(g, set, w), step), out);
      return changed(w, out);
    },
    gradient(g, w) {
      const sums = new Map<Value, Value>();
      for (const set of sets) addGroups(g, set, slopes(g, set, positive(g, set, w)), w, sums);
      return sums;
    },
  };
}

/** The entries of `after` that differ from `before`. */
export const changed = (before: Weights, after: ReadonlyMap<Value, Value>): Map<Value, Value> =>
  new Map([...after].filter(([p, v]) => before.get(p) !== v));
