/**
 * HSPG: half-space stochastic projected gradient (Chen et al., "Only train once", NeurIPS 2021; Chen et al. 2020, arXiv 2009.12078)
 * for ψ = f + penalty. With s = the gradient of ψ, that of the penalty 0 at a group that is zero:
 *   stage 1, "prox":      x ← prox_{lr·penalty}(x − lr·∇f)       (2020; Algorithm 2 of WGSEF, Refael et al., TMLR 2024)
 *   stage 1, "gradient":  x ← x − lr·s                           (2021)
 *   stage 2:              x̂ ← x − lr·s,  x̂_g ← 0 where x_g = 0 or ⟨x̂_g, x_g⟩ < ε‖x_g‖²,  x ← x̂
 * Groups are the penalty's, coupled ones judged as a whole over all their tensors. With momentum μ the
 * running mean v ← μv + (1−μ)s stands for the gradient in both stages (WGSEF's Algorithm 1), so that one λ means the same in both:
 * torch's v ← μv + s would make a penalty that is in s 1/(1−μ) times as strong as one that is a prox. Its lr is ours times 1−μ.
 *
 * Stage 2 alone would prune below the k of a penalty that has one, so each set keeps its least number of nonzero groups (k, and what
 * `maxSparsity` leaves): of the groups that fail the test those with the smallest ⟨x̂_g, x_g⟩/‖x_g‖² go, as many as may. The
 * authors' code instead draws as many at random as exceed the limit, so that how many go has nothing to do with how many may.
 */
import { z } from "zod";
import type { Builder } from "../graph/builder.ts";
import type { Value } from "../graph/types.ts";
import type { GroupSet } from "../groups/group-set.ts";
import { groupProducts, groupSquares, groupSums, inView, scaleGroups, TINY, type Weights } from "../groups/slices.ts";
import { named, say } from "../message.ts";
import { defineOptimizer, form, type OptimizerRule } from "./define.ts";
import { largest } from "./largest.ts";
import type { Fit } from "./optimizer.ts";

const options = z.strictObject({
  switchEpoch: z
    .int()
    .min(0)
    .meta({ description: "epochs of the first stage (default: half of the run)", paper: "OTO: a quarter of the run" })
    .optional(),
  epsilon: z.number().min(0).lt(1).default(0).meta({
    description: "how far a group may turn before the second stage makes it zero",
    paper: "OTO: 0, dense layers 0.9 … 0.99",
  }),
  stage1: z.enum(["prox", "gradient"]).default("prox").describe("how the first stage takes the penalty"),
  momentum: z.number().min(0).lt(1).default(0).describe("decay of the running mean of gradients"),
  maxSparsity: z
    .number()
    .gt(0)
    .max(1)
    .default(1)
    .describe("the largest share of a channel set that the second stage makes zero"),
});
/** Options of `hspg`. */
export type HspgOptions = z.input<typeof options>;

const NO_GROUPS = "hspg without a penalty is plain SGD: no group becomes zero; choose one, for example the group lasso";

function make({
  switchEpoch,
  epsilon,
  stage1,
  momentum,
  maxSparsity,
}: z.output<typeof options>): OptimizerRule<"v", "lr"> {
  const firstOfStage2 = (epochs: number) => switchEpoch ?? Math.floor(epochs / 2);
  const fitted = (penalty: Fit["penalty"], notes: readonly string[] = []): OptimizerRule<"v", "lr"> => ({
    slots: momentum ? ["v"] : [],
    prox: "onward",
    penaltyBy: stage1,
    clock: {
      numbers: ["lr"],
      start: () => ({}),
      tick(state, now, schedule) {
        const lr = schedule.lr(now);
        const stage2 = now.epoch >= firstOfStage2(now.epochs);
        return { state, numbers: { lr }, prox: lr, restart: false, ...(stage2 && { kind: "halfSpace" }) };
      },
    },
    kinds: {
      halfSpace: {
        penaltyBy: "gradient",
        zerosStay: true,
        project(g, { w, candidates }) {
          for (const set of penalty?.sets ?? []) {
            const most = Math.floor(set.count * maxSparsity + 1e-9); // 0.29·100 must be 29
            const least = Math.max(penalty?.floor?.(set) ?? 0, set.count - most);
            scaleGroups(g, set, survivors(g, set, w, candidates, epsilon, least), candidates);
          }
        },
      },
    },
    init: (g, w) => ({ v: g.Sub(w, w) }),
    propose(g, { w, dw, slots, clock }) {
      const v = momentum ? g.Add(g.Mul(slots.v, momentum), g.Mul(dw, 1 - momentum)) : dw; // v ← μv + (1−μ)s
      return { candidate: g.Sub(w, g.Mul(v, clock.lr)), slots: { v } }; // x̂ ← x − lr·v
    },
    accept: (_, { candidate }) => candidate,
    warnings(_, epochs) {
      const first = firstOfStage2(epochs);
      if (first < epochs) return [...notes];
      return [
        ...notes,
        say`hspg's second stage never runs: it begins after epoch ${first} of ${epochs}; choose a smaller ${named("switchEpoch")}`,
      ];
    },
  });
  return { ...fitted(undefined), bind: ({ penalty }) => fitted(penalty, penalty?.sets.length ? [] : [NO_GROUPS]) };
}

/** 1 for the groups that stay, 0 for those that are zero already or go: [count]. At least `least` of the nonzero ones stay. */
function survivors(g: Builder, set: GroupSet, w: Weights, next: Weights, epsilon: number, least: number): Value {
  const float = (condition: Value) => g.Cast(condition, { to: "float32" });
  // by absolute values, because the square of a small number can be 0
  const sizes = groupSums(
    g,
    set,
    set.members.map((m) => g.Abs(inView(g, m, w.get(m.param)!))),
  );
  const alive = float(g.Greater(sizes, 0));
  const squares = groupSquares(g, set, w);
  const products = groupProducts(g, set, next, w);
  const fails = g.Mul(alive, float(g.Less(products, g.Mul(squares, epsilon))));
  if (least === 0) return g.Sub(alive, fails);

  const may = g.Cast(g.Sub(g.ReduceSum(alive, { keepdims: 0 }), least), { to: "int32" });
  const ratios = g.Div(products, g.Max([squares, TINY]));
  // those that pass the test rank last
  const scores = g.Where(g.Greater(fails, 0), g.Neg(ratios), g.scalar(Number.NEGATIVE_INFINITY));
  return g.Sub(alive, g.Mul(fails, largest(g, scores, set.count, may)));
}

/**
 * HSPG (Chen et al. 2021, Algorithm 1; both stages are spelled out at the head of this file). Takes a penalty that has a gradient, and
 * makes its groups exactly zero. Without one it is SGD: there are no groups.
 * @throws UsageError for options out of range
 */
export const hspg = defineOptimizer(
  {
    name: "hspg",
    source: "Chen et al., NeurIPS 2021 (OTO)",
    minimizes:
      "f(W) + ψ(W): first proximal or plain steps, then half-space steps that zero a group when its next iterate leaves the half space ⟨x̂_g, x_g⟩ ≥ ε‖x_g‖², and freeze it.",
    when: "When a fixed pattern is wanted from a chosen epoch on, and with WGSEF to come down to k groups: with enough λ and epochs exactly, never below.",
    paper:
      "OTO: switch a quarter into the run, λ 1e-3, ε 0 (convolutions) or 0.9 … 0.99 (dense); WGSEF: switch at half.",
    demo: { penalty: "wgsef", keep: 0.3, lr: 0.2, lambda: 0.02, momentum: 0.9 },
  },
  form({ options, defaults: { lr: 0.1, penalty: "groupLasso" }, make }),
);
