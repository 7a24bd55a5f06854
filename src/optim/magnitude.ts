/**
 * Gradual magnitude pruning (Zhu & Gupta, "To prune, or not to prune", 2017, arXiv 1710.01878, equation 1): SGD with momentum, and
 * every Δt steps the weights of the smallest magnitude become zero for good, so many that the sparsity is
 *   s_t = s_f + (s_i − s_f)·(1 − (t − t₀)/(t_n − t₀))³,  t₀ ≤ t ≤ t_n.
 * The step t_n always prunes, so that the final sparsity is met exactly. The baseline that everybody knows.
 */
import { z } from "zod";
import { checkShare } from "../checks.ts";
import type { Builder } from "../graph/builder.ts";
import { size } from "../graph/tensor.ts";
import type { Value } from "../graph/types.ts";
import type { GroupSet } from "../groups/group-set.ts";
import { defineOptimizer, form, type OptimizerRule } from "./define.ts";
import { type Distribution, densities, keptWeights } from "./densities.ts";
import { largest, magnitudes } from "./largest.ts";
import { maskable, maskedSgd, maskOptions, unmasked } from "./masked-sgd.ts";
import { sgdOptions } from "./momentum.ts";
import type { Fit } from "./optimizer.ts";
import { allSteps } from "./schedule.ts";

const share = z.number().min(0).max(1);
const options = z.strictObject({
  sparsity: maskOptions.sparsity, // of the weights behind the first layer, where the distribution is uniform
  initialSparsity: z.number().min(0).lt(1).default(0).describe("sparsity of the first pruning"),
  distribution: z
    .enum(["global", "uniform", "erk"])
    .default("global")
    .describe(
      "how sparsity is spread over layers: global, the smallest weights of all go; uniform, the same in each but the first; erk",
    ),
  updateFrom: share.default(0).describe("share of the run before the first pruning"),
  updateUntil: share.default(0.75).describe("share of the run after which masks stay"),
  updateEvery: maskOptions.updateEvery,
  ...sgdOptions,
});
/** Options of `magnitude`. */
export type MagnitudeOptions = z.input<typeof options>;

/** Weights that are ranked together, and how many of them are left at the start and at the end of the schedule. */
interface Pool {
  readonly params: readonly Value[];
  readonly first: number;
  readonly last: number;
}

function make({
  sparsity,
  initialSparsity,
  distribution,
  updateFrom,
  updateUntil,
  updateEvery,
  ...sgd
}: z.output<typeof options>): OptimizerRule<"v" | "mask", "lr" | "remaining"> {
  checkShare("initialSparsity", initialSparsity, 0, sparsity);
  checkShare("updateFrom", updateFrom, 0, updateUntil);

  const over = (
    pools: readonly Pool[],
    sets?: readonly GroupSet[],
  ): OptimizerRule<"v" | "mask", "lr" | "remaining"> => ({
    clock: {
      numbers: ["lr", "remaining"],
      start: () => ({}),
      tick(state, now, schedule) {
        const steps = allSteps(now);
        const t = now.epoch * now.stepsPerEpoch + now.step + 1; // counts from 1
        const from = Math.max(1, Math.round(updateFrom * steps));
        const until = Math.max(from, Math.round(updateUntil * steps));
        const due = t === until || (t >= from && t < until && (t - from) % updateEvery === 0);
        const remaining = t >= until ? 0 : Math.min(1, (1 - (t - from) / (until - from)) ** 3);
        return { state, numbers: { lr: schedule.lr(now), remaining }, restart: false, ...(due && { kind: "prune" }) };
      },
    },
    ...maskedSgd(sgd, new Set(pools.flatMap((p) => p.params))),
    kinds: {
      prune: {
        project(g, { candidates, slots, clock }) {
          for (const pool of pools)
            for (const [p, mask] of prune(g, pool, candidates, slots, clock.remaining)) {
              candidates.set(p, g.Mul(candidates.get(p)!, mask));
              slots.set(p, { v: g.Mul(slots.get(p)!.v, mask), mask });
            }
        },
      },
    },
    ...(sets && { sets }),
    bind: (to) => over(...poolsOf(to, sparsity, initialSparsity, distribution)),
    init: (g, w) => unmasked(g, w),
  });
  return over([]);
}

/** The next masks of a pool. What is outside a mask ranks last, so that it never returns. */
function prune(
  g: Builder,
  { params, first, last }: Pool,
  candidates: ReadonlyMap<Value, Value>,
  slots: ReadonlyMap<Value, { readonly mask: Value }>,
  remaining: Value,
): [Value, Value][] {
  const left = g.Add(g.Cast(g.Round(g.Mul(remaining, first - last)), { to: "int32" }), last);
  const scores = params.map((p) => magnitudes(g, candidates.get(p)!, slots.get(p)!.mask));
  const joined = scores.length === 1 ? scores[0] : g.Concat(scores, { axis: 0 });
  const mask = largest(g, joined, first, left);
  let at = 0;
  return params.map((p) => {
    const part = g.Slice(mask, { starts: [at], ends: [at + size(p.shape)], axes: [0] });
    at += size(p.shape);
    return [p, g.Reshape(part, { shape: p.shape })];
  });
}

function poolsOf(
  to: Fit,
  sparsity: number,
  initialSparsity: number,
  distribution: Distribution | "global",
): [Pool[], GroupSet[]] {
  const sets = maskable(to, "magnitude", distribution);
  const params = sets.map(({ members: [{ param }] }) => param);
  const pools = distribution === "global" ? [params] : params.map((p) => [p]);
  const shapes = params.map((p) => p.shape);
  const shares = (s: number) =>
    distribution === "global" ? pools.map(() => 1 - s) : densities(shapes, s, distribution);
  const [first, last] = [shares(initialSparsity), shares(sparsity)];
  const found = pools.map((pool, i): Pool => {
    const n = pool.reduce((sum, p) => sum + size(p.shape), 0);
    return { params: pool, first: keptWeights(n, first[i]), last: keptWeights(n, last[i]) };
  });
  return [found.filter(({ params, last }) => last < params.reduce((sum, p) => sum + size(p.shape), 0)), sets];
}

/**
 * Gradual magnitude pruning (Zhu & Gupta 2017, equation 1; spelled out at the head of this file). Makes single weights zero by itself
 * and takes no penalty.
 * @throws UsageError for options out of range; when bound, for a model without weights to make zero
 */
export const magnitude = defineOptimizer(
  {
    name: "magnitude",
    source: "Zhu & Gupta 2017, arXiv 1710.01878",
    minimizes: "f(W) while the smallest weights are masked for good, by a cubic schedule up to the final sparsity.",
    when: "The baseline everybody knows for single weights.",
    paper: "s_t = s_f + (s_i − s_f)(1 − (t − t₀)/(nΔt))³.",
    demo: { sparsity: 0.9, lr: 0.05, milestones: [6, 9] },
  },
  form({ options, defaults: { lr: 0.1 }, make }),
);
