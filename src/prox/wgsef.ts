/**
 * WGSEF: the weighted group sparse envelope function (Refael, Arbel & Huleihel, TMLR 2024, arXiv 2212.12921; SEF of Beck & Refael
 * 2022 when every group is one weight): the largest convex function below ½ Σ d_j‖w_j‖² on vectors with at most k nonzero
 * groups, times λ. With a_j = √d_j·‖w_j‖ it is half the squared k-support norm; k = 1 gives ½(Σ a_j)², k = all gives weight decay.
 * Each channel set has its own k. The proximal step never leaves fewer than min(k, nonzero groups) groups.
 */
import { z } from "zod";
import { UsageError } from "../error.ts";
import type { Builder } from "../graph/builder.ts";
import { f32 } from "../graph/tensor.ts";
import type { Value } from "../graph/types.ts";
import type { GroupSet } from "../groups/group-set.ts";
import { type Tensors, zeroGroups } from "../groups/zeros.ts";
import { named, say } from "../message.ts";
import { definePenalty, type PenaltyRule } from "./define.ts";
import { counting, groupOptions, setsOf, WEIGHTS_TEXT, weightsOption } from "./group-options.ts";
import { groupPenalty } from "./group-penalty.ts";
import { groupWeights } from "./group-weights.ts";
import { lambdaOf, lambda as strengthOption } from "./lambda.ts";

const levels = {
  k: z.int().min(1).optional().describe("groups of each channel set that should survive"),
  keep: z
    .number()
    .gt(0)
    .max(1)
    .optional()
    .describe("share of each channel set that should survive, rounded up; instead of k"),
};
const options = z.strictObject({
  lambda: lambdaOf("0.01 … 0.05"),
  ...levels,
  ...groupOptions,
  weights: weightsOption.default("uniform").describe(WEIGHTS_TEXT),
});
/** Options of `wgsef`. */
export type WgsefOptions = z.input<typeof options>;

const ZERO = 1e-20; // stands for the norm of a group that is zero, and for a slope of 0: η·ZERO stays finite in float32

/** @throws UsageError unless exactly one of k and keep is given */
function make(said: z.output<typeof options>): PenaltyRule {
  checkLevel("wgsef", said);
  return { ...envelopePenalty(said), options: counting(said) };
}

function checkLevel(name: string, { k, keep }: { readonly k?: number; readonly keep?: number }): void {
  if ((k === undefined) === (keep === undefined))
    throw new UsageError(
      "conflict",
      say`${named(name)} wants either ${named("k")} or ${named("keep")}`,
      { k, keep },
      say`say ${named("k")} 10, a count of groups, or ${named("keep")} 0.25, a share of each set`,
    );
}

function envelopePenalty({ lambda, k, keep, groups, side, weights }: z.output<typeof options>): PenaltyRule {
  return {
    bind(graph, times) {
      const sets = setsOf(graph, groups, side);
      const omega = groupWeights(graph, sets, { weights, groups, times });
      const root = (g: Builder, set: GroupSet) => g.constant(f32(omega.get(set)!)); // √d
      const square = (g: Builder, set: GroupSet) => g.constant(f32(omega.get(set)!.map((x) => x * x))); // d
      const level = ({ count }: GroupSet) => levelOf(count, { k, keep });
      const sizes = (g: Builder, set: GroupSet, r: Value) => g.Mul(root(g, set), r); // a_j = √d_j·‖w_j‖
      const envelopes = groupPenalty(
        sets,
        {
          setBySet: true,
          value: (g, [set], r) => envelope(g, sizes(g, set, r), set.count, level(set)).value,
          factors(g, [set], r, step) {
            const strength = g.Mul(g.Mul(step, lambda), square(g, set)); // λd
            const u = survival(g, sizes(g, set, r), strength, set.count, level(set));
            return g.Div(u, g.Add(u, strength)); // w_j ← w_j·u_j / (u_j + λd_j)
          },
          slopes(g, [set], r) {
            const a = sizes(g, set, r);
            const { tau } = envelope(g, a, set.count, level(set));
            return g.Mul(g.Max([g.Div(tau, a), 1]), g.Mul(square(g, set), lambda)); // λd_j/u_j with u_j = min(1, a_j/τ)
          },
        },
        ZERO,
      );
      return {
        ...envelopes,
        value: (g, w) => g.Mul(envelopes.value(g, w), lambda),
        floor: level,
        notes: sets
          .filter((set) => level(set) === set.count && keep !== 1)
          .map(({ name, count }) => `${name}: all ${count} groups may survive, so wgsef is weight decay there`),
        shortfalls: (tensors) => tooMany(sets, level, tensors),
      };
    },
  };
}

/** The sets in which more groups survive than should. */
function tooMany(sets: readonly GroupSet[], level: (set: GroupSet) => number, tensors: Tensors): string[] {
  const found = sets.flatMap((set) => {
    const alive = set.count - zeroGroups(set, tensors).reduce((n, zero) => n + zero, 0);
    return alive > level(set) ? [`${set.name} ${alive} of ${set.count} instead of ${level(set)}`] : [];
  });
  if (found.length === 0) return [];
  const listed = found.length > 4 ? [...found.slice(0, 4), "…"] : found;
  return [`more groups survive than should: ${listed.join(", ")}; a larger lambda or more epochs leave fewer`];
}

/** How many of `count` groups survive: k, or a share of them rounded up (0.28·50 is 14, not 15). */
const levelOf = (count: number, { k, keep }: Pick<WgsefOptions, "k" | "keep">): number =>
  Math.min(count, k ?? Math.max(1, Math.ceil(keep! * count - 1e-9)));

/** ½(k-support norm)² of the group norms a [m], by its closed form on the sorted norms, and its threshold τ. */
function envelope(g: Builder, a: Value, m: number, k: number): { value: Value; tau: Value } {
  const [sorted] = g.TopK(a, { k: m, axis: 0 });
  // for p = 0 … k−1 big groups: T_p = Σ_{i>p} a_(i) / (k − p); the right p has a_(p) > T_p ≥ a_(p+1), a_(0) = ∞
  const tails = g.Slice(g.CumSum(sorted, { axis: 0, reverse: 1 }), { starts: [0], ends: [k], axes: [0] });
  const rest = g.constant(f32(Float32Array.from({ length: k }, (_, p) => k - p)));
  const means = g.Div(tails, rest);
  const next = g.Slice(sorted, { starts: [0], ends: [k], axes: [0] });
  // T_p ≥ a_(p+1) holds from the right p on, so that p is the number of places where it does not
  const p = g.Min([g.ReduceSum(g.Cast(g.Less(means, next), { to: "float32" }), { keepdims: 0 }), k - 1]);
  const places = g.constant(f32(Float32Array.from({ length: m }, (_, i) => i)));
  const big = g.Cast(g.Less(places, p), { to: "float32" });
  const squares = g.ReduceSum(g.Mul(big, g.Mul(sorted, sorted)), { keepdims: 0 });
  const tail = g.ReduceSum(g.Mul(g.Sub(1, big), sorted), { keepdims: 0 });
  const tau = g.Div(tail, g.Sub(k, p));
  return { value: g.Mul(g.Add(squares, g.Mul(tail, tau)), 0.5), tau };
}

/**
 * u_j = clip(η·b_j − s_j, 0, 1) with Σ u_j = k. U(η) = Σ u_j is piecewise linear, with slope +b_j from s_j/b_j on and −b_j from
 * (1+s_j)/b_j on; on the sorted breakpoints the first segment that reaches k gives η. (The first: beyond the last live group lie the
 * breakpoints of dead ones, near 1/ZERO, where the rounding left in the summed slopes says anything.) Sums over many groups are rounded
 * too, so two Newton steps on U(η) = k follow, which need no sums but those of the groups in between.
 */
function survival(g: Builder, b: Value, strength: Value, m: number, k: number): Value {
  const raise = g.Add(strength, 1);
  const leave = g.Div(strength, b);
  const full = g.Div(raise, b);
  const slopes = g.Concat([b, g.Neg(b)], { axis: 0 });
  const intercepts = g.Concat([g.Neg(strength), raise], { axis: 0 });
  const [events, order] = g.TopK(g.Concat([leave, full], { axis: 0 }), { k: 2 * m, axis: 0, largest: 0 });
  const slope = g.CumSum(g.Gather(slopes, order, { axis: 0 }), { axis: 0 });
  const intercept = g.CumSum(g.Gather(intercepts, order, { axis: 0 }), { axis: 0 });
  const ends = g.Slice(events, { starts: [1], ends: [2 * m], axes: [0] });
  const before = (v: Value) => g.Slice(v, { starts: [0], ends: [2 * m - 1], axes: [0] });
  const reached = g.Add(g.Mul(before(slope), ends), before(intercept)); // U at the right end of each segment
  const passed = g.CumSum(g.Cast(g.GreaterOrEqual(reached, k), { to: "float32" }), { axis: 0 });
  const short = g.ReduceSum(g.Cast(g.Less(passed, 0.5), { to: "float32" }), { keepdims: 0 }); // segments before the first
  const segment = g.Cast(g.Min([short, 2 * m - 2]), { to: "int64" });
  const at = (v: Value) => g.Gather(v, segment, { axis: 0 });
  const steepness = g.Max([at(before(slope)), ZERO]);
  const found = g.Div(g.Sub(k, at(before(intercept))), steepness);
  let eta = g.Max([g.Min([found, at(ends)]), at(before(events))]);
  const share = () => g.Min([g.Relu(g.Sub(g.Mul(b, eta), strength)), 1]);
  for (let step = 0; step < 2; step++) {
    const u = share();
    const between = g.Mul(g.Cast(g.Greater(u, 0), { to: "float32" }), g.Cast(g.Less(u, 1), { to: "float32" }));
    const rise = g.ReduceSum(g.Mul(b, between), { keepdims: 0 });
    const gap = g.Sub(k, g.ReduceSum(u, { keepdims: 0 }));
    const some = g.Cast(g.Greater(rise, 0), { to: "float32" });
    eta = g.Add(eta, g.Mul(g.Div(gap, g.Max([rise, ZERO])), some));
  }
  return share();
}

/**
 * The weighted group sparse envelope function (Refael, Arbel & Huleihel 2024; see the head of this file), over groups of any kind. Each
 * channel set keeps at least k groups, if it has them; the larger λ, the fewer others are left.
 * @throws UsageError unless exactly one of k and keep is given, in range, or for groups, a side or weights that are unknown
 */
export const wgsef = definePenalty({
  name: "wgsef",
  source: "Refael, Arbel & Huleihel, TMLR 2024, arXiv 2212.12921",
  minimizes:
    "λ·(the largest convex function below ½Σ d_g‖W_g‖² on weights with at most k nonzero groups), for every channel set.",
  when: "When you know how many channels should survive, as `k` or as `keep`. k is a lower bound: never fewer survive, and with too small a λ or too few epochs more do.",
  paper: "λ 0.01 … 0.05, lr 0.01 with cosine; first ProxSGD, then HSPG.",
  demo: { optimizer: "proxSgd", keep: 0.3, lr: 0.1, lambda: 0.03, milestones: [6, 9] },
  options,
  ways: ["prox", "gradient"],
  lambdaDecides: false,
  example: { keep: 0.5 },
  make,
});

const single = z.strictObject({ lambda: strengthOption, ...levels });
/** Options of `sef`: λ, and the weights of each layer that should survive. */
export type SefOptions = z.input<typeof single>;

/**
 * The sparse envelope function of single weights (Beck & Refael 2022): `wgsef` with element groups, each weight its own.
 * @throws UsageError for a negative lambda, and unless exactly one of k and keep is given, in range
 */
export const sef = definePenalty({
  name: "sef",
  source: "Beck & Refael 2022",
  minimizes: "The same with every weight a group of its own.",
  when: "A known number of single weights per layer.",
  paper: "–",
  demo: { optimizer: "proxSgd", keep: 0.1, lr: 0.1, lambda: 1e-3, milestones: [6, 9] },
  options: single,
  ways: ["prox", "gradient"],
  lambdaDecides: false,
  example: { keep: 0.5 },
  make(said) {
    checkLevel("sef", said);
    return envelopePenalty({ ...said, groups: "element", side: "consumer", weights: "uniform" });
  },
});
