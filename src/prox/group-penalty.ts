/** What all penalties of group norms share: the norms of every set, and factors that scale its groups in the prox and the gradient. */
import type { Builder } from "../graph/builder.ts";
import type { Value } from "../graph/types.ts";
import type { GroupSet } from "../groups/group-set.ts";
import {
  addGroups,
  behindOneAnother,
  groupSquares,
  parted,
  scaleGroups,
  TINY,
  type Weights,
} from "../groups/slices.ts";
import type { BoundPenalty } from "./penalty.ts";

/** ψ = Σ over sets of a function of their norms r = ‖w_g‖: [count], one set behind the other. */
interface OfNorms {
  /** True where a group's part hangs on the others of its set: every set is asked for by itself then. */
  readonly setBySet?: true;
  /** ψ of the sets: a scalar. */
  value(g: Builder, of: readonly GroupSet[], r: Value): Value;
  /** What the prox multiplies every group by: [count]. r > 0. */
  factors(g: Builder, of: readonly GroupSet[], r: Value, step: Value): Value;
  /** What w_g is multiplied by in ∇ψ, ψ'/r: [count]. r > 0. */
  slopes(g: Builder, of: readonly GroupSet[], r: Value): Value;
}

/** @param least stands for the norm of a group that is zero in `factors` and `slopes`; whatever they say of it, it stays zero */
export function groupPenalty(
  sets: readonly GroupSet[],
  { setBySet, value, factors, slopes }: OfNorms,
  least = TINY,
): Required<Pick<BoundPenalty, "sets" | "value" | "prox" | "gradient">> {
  const asked = setBySet ? sets.map((set) => [set]) : [sets];
  const norms = (g: Builder, of: readonly GroupSet[], w: Weights) =>
    g.Sqrt(
      behindOneAnother(
        g,
        of.map((set) => groupSquares(g, set, w)),
      ),
    );
  const positive = (g: Builder, of: readonly GroupSet[], w: Weights) => g.Max([norms(g, of, w), least]);
  /** Numbers of the groups of every set, by what is made of their norms. */
  const perSet = (
    g: Builder,
    w: Weights,
    made: (of: readonly GroupSet[], r: Value) => Value,
    use: (set: GroupSet, x: Value) => void,
  ) => {
    for (const of of asked) {
      const parts = parted(g, of, made(of, positive(g, of, w)));
      of.forEach((set, i) => {
        use(set, parts[i]);
      });
    }
  };
  return {
    sets,
    value(g, w) {
      const sums = asked.map((of) => value(g, of, norms(g, of, w)));
      return sums.length === 1 ? sums[0] : g.Sum(sums);
    },
    prox(g, w, step) {
      const out = new Map<Value, Value>(w);
      perSet(
        g,
        w,
        (of, r) => factors(g, of, r, step),
        (set, x) => scaleGroups(g, set, x, out),
      );
      return changed(w, out);
    },
    gradient(g, w) {
      const sums = new Map<Value, Value>();
      perSet(
        g,
        w,
        (of, r) => slopes(g, of, r),
        (set, x) => addGroups(g, set, x, w, sums),
      );
      return sums;
    },
  };
}

/** The entries of `after` that differ from `before`. */
export const changed = (before: Weights, after: ReadonlyMap<Value, Value>): Map<Value, Value> =>
  new Map([...after].filter(([p, v]) => before.get(p) !== v));
