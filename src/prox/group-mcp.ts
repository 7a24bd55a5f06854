/**
 * The group minimax concave penalty Σ_g MCP(‖w_g‖; λω_g, γ) (Zhang 2010; Breheny & Huang 2009 for groups): as the group lasso
 * near zero, flat beyond γλω_g, so that large groups are not shrunk.
 *   MCP(r; λ, γ) = λr − r²/(2γ) for r ≤ γλ, else γλ²/2
 */
import { UsageError } from "../error.ts";
import type { Builder } from "../graph/builder.ts";
import { f32 } from "../graph/tensor.ts";
import type { Value } from "../graph/types.ts";
import type { GroupSet } from "../groups/groups.ts";
import { addGroups, groupSquares, scaleGroups } from "../groups/slices.ts";
import { checkGroupOptions, type GroupOptions, setsOf } from "./group-options.ts";
import { type GroupWeights, groupWeights } from "./group-weights.ts";
import { checkLambda } from "./lambda.ts";
import type { Penalty } from "./penalty.ts";

/** Options of `groupMcp`. */
export interface GroupMcpOptions extends GroupOptions {
  /** Strength, ≥ 0. */
  readonly lambda: number;
  /** Where the penalty becomes flat, > 1. Proximal steps above it threshold hard. Default 3. */
  readonly concavity?: number;
  /** ω_g, see `GroupWeights`. Default "balanced". */
  readonly weights?: GroupWeights;
}

const TINY = 1e-30;

/**
 * The group minimax concave penalty (Zhang 2010; spelled out at the head of this file), over groups of any kind. Goes with optimizers
 * that step in the plain metric.
 * @throws UsageError for a negative lambda, a concavity that is not above 1, or groups, a side or weights that are unknown
 */
export function groupMcp({
  lambda,
  concavity = 3,
  groups = "coupled",
  side = "consumer",
  weights = "balanced",
}: GroupMcpOptions): Penalty {
  checkLambda(lambda);
  checkGroupOptions(groups, side, weights);
  if (!(concavity > 1)) throw new UsageError("concavity is out of range", { got: concavity, wanted: "> 1" });
  return {
    name: "groupMcp",
    options: { lambda, concavity, groups, side, weights },
    ways: ["prox", "gradient"],
    bind(graph) {
      const sets = setsOf(graph, groups, side);
      const omega = groupWeights(sets, weights);
      const strength = (g: Builder, set: GroupSet) => g.constant(f32(omega.get(set)!.map((x) => x * lambda)));
      return {
        sets,
        value(g, w) {
          const sums = sets.map((set) => {
            const l = strength(g, set);
            const r = g.Min([g.Sqrt(groupSquares(g, set, w)), g.Mul(l, concavity)]); // flat beyond γλ
            return g.ReduceSum(g.Sub(g.Mul(l, r), g.Mul(g.Mul(r, r), 0.5 / concavity)), { keepdims: 0 });
          });
          return sums.length === 1 ? sums[0] : g.Sum(sums);
        },
        prox(g, w, step) {
          const out = new Map<Value, Value>(w);
          for (const set of sets) {
            const l = strength(g, set);
            const r = g.Max([g.Sqrt(groupSquares(g, set, w)), TINY]);
            // step < γ: r above γλ, else max(0, r − step·λ) / (1 − step/γ), which meets it there
            const slack = g.Max([g.Sub(1, g.Div(step, concavity)), TINY]);
            const firm = g.Min([g.Div(g.Relu(g.Sub(r, g.Mul(step, l))), slack), r]);
            // step ≥ γ, as dual averaging reaches it: the sum is concave up to γλ, so 0 or r, whichever costs less
            const alive = g.Greater(r, g.Mul(l, g.Sqrt(g.Mul(step, concavity))));
            const hard = g.Mul(r, g.Cast(alive, { to: "float32" }));
            scaleGroups(g, set, g.Div(g.Where(g.Less(step, concavity), firm, hard), r), out);
          }
          for (const [p, v] of w) if (out.get(p) === v) out.delete(p);
          return out;
        },
        gradient(g, w) {
          const sums = new Map<Value, Value>();
          for (const set of sets) {
            const r = g.Max([g.Sqrt(groupSquares(g, set, w)), TINY]);
            const slope = g.Relu(g.Sub(strength(g, set), g.Div(r, concavity))); // max(0, λ − r/γ)
            addGroups(g, set, g.Div(slope, r), w, sums);
          }
          return sums;
        },
      };
    },
  };
}
