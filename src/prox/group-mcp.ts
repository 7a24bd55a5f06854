/**
 * The group minimax concave penalty Σ_g MCP(‖w_g‖; λω_g, γ) (Zhang 2010; Breheny & Huang 2009 for groups): as the group lasso
 * near zero, flat beyond γλω_g, so that large groups are not shrunk.
 *   MCP(r; λ, γ) = λr − r²/(2γ) for r ≤ γλ, else γλ²/2
 */
import { z } from "zod";
import type { Builder } from "../graph/builder.ts";
import type { GroupSet } from "../groups/group-set.ts";
import { TINY } from "../groups/slices.ts";
import { definePenalty, type PenaltyRule } from "./define.ts";
import { counting, groupOptions, setsOf, WEIGHTS_TEXT, weightsOption } from "./group-options.ts";
import { groupPenalty } from "./group-penalty.ts";
import { groupWeights, strengths } from "./group-weights.ts";
import { lambda as strengthOption } from "./lambda.ts";

const options = z.strictObject({
  lambda: strengthOption,
  concavity: z
    .number()
    .gt(1)
    .default(3)
    .describe("where the penalty becomes flat; proximal steps above it threshold hard"),
  ...groupOptions,
  weights: weightsOption.default("balanced").meta({ description: WEIGHTS_TEXT, paper: "size" }),
});
/** Options of `groupMcp`. */
export type GroupMcpOptions = z.input<typeof options>;

function make(said: z.output<typeof options>): PenaltyRule {
  const { lambda, concavity, groups, side, weights } = said;
  return {
    options: counting(said),
    bind(graph, times) {
      const sets = setsOf(graph, groups, side);
      const omega = groupWeights(graph, sets, { weights, groups, times });
      const strength = (g: Builder, of: readonly GroupSet[]) =>
        strengths(
          g,
          of.map((set) => omega.get(set)!),
          lambda,
        );
      return groupPenalty(sets, {
        value(g, of, r) {
          const l = strength(g, of);
          const bent = g.Min([r, g.Mul(l, concavity)]); // flat beyond γλ
          return g.ReduceSum(g.Sub(g.Mul(l, bent), g.Mul(g.Mul(bent, bent), 0.5 / concavity)), { keepdims: 0 });
        },
        factors(g, of, r, step) {
          const l = strength(g, of);
          // step < γ: r above γλ, else max(0, r − step·λ) / (1 − step/γ), which meets it there
          const slack = g.Max([g.Sub(1, g.Div(step, concavity)), TINY]);
          const firm = g.Min([g.Div(g.Relu(g.Sub(r, g.Mul(step, l))), slack), r]);
          // step ≥ γ, as dual averaging reaches it: the sum is concave up to γλ, so 0 or r, whichever costs less
          const alive = g.Greater(r, g.Mul(l, g.Sqrt(g.Mul(step, concavity))));
          const hard = g.Mul(r, g.Cast(alive, { to: "float32" }));
          return g.Div(g.Where(g.Less(step, concavity), firm, hard), r);
        },
        slopes: (g, of, r) => g.Div(g.Relu(g.Sub(strength(g, of), g.Div(r, concavity))), r), // max(0, λ − r/γ)/r
      });
    },
  };
}

/**
 * The group minimax concave penalty (Zhang 2010; spelled out at the head of this file), over groups of any kind. Goes with optimizers
 * that step in the plain metric.
 * @throws UsageError for a negative lambda, a concavity that is not above 1, or groups, a side or weights that are unknown
 */
export const groupMcp = definePenalty({
  name: "groupMcp",
  source: "Zhang 2010; Breheny & Huang 2009",
  minimizes: "Σ_g MCP(‖W_g‖; λω_g, γ): the group lasso near zero, flat beyond γλω_g.",
  when: "When the lasso's shrinking of the groups that stay costs accuracy.",
  paper: "γ 3.",
  demo: { optimizer: "proxSgd", concavity: 50, lr: 0.2, lambda: 4e-3, milestones: [6, 9] },
  options,
  ways: ["prox", "gradient"],
  lambdaDecides: true,
  make,
});
