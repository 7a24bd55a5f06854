/**
 * Gradual magnitude pruning (Zhu & Gupta, "To prune, or not to prune", 2017, arXiv 1710.01878, equation 1): SGD with momentum, and
 * every Δt steps the weights of the smallest magnitude become zero for good, so many that the sparsity is
 *   s_t = s_f + (s_i − s_f)·(1 − (t − t₀)/(t_n − t₀))³,  t₀ ≤ t ≤ t_n.
 * The step t_n always prunes, so that the final sparsity is met exactly. The baseline that everybody knows.
 */
import { checkChoice, checkInteger, checkRange, checkShare } from "../checks.ts";
import type { Builder } from "../graph/builder.ts";
import { size } from "../graph/tensor.ts";
import type { Value } from "../graph/types.ts";
import type { GroupSet } from "../groups/group-set.ts";
import { type Distribution, densities, kept } from "./densities.ts";
import { largest, magnitudes } from "./largest.ts";
import { maskable, maskedSgd, unmasked } from "./masked-sgd.ts";
import type { SgdOptions } from "./momentum.ts";
import type { Fit, Optimizer } from "./optimizer.ts";

/** Options of `magnitude`, beside those of SGD. */
export interface MagnitudeOptions extends SgdOptions {
  /**
   * Share of the weights of convolutions and dense layers that end as zero, s_f in [0, 1); with the distribution "uniform" of those
   * behind the first layer. Default 0.9.
   */
  readonly sparsity?: number;
  /** Where the schedule begins, s_i ≤ s_f. Default 0. */
  readonly initialSparsity?: number;
  /**
   * "global" (default): the smallest weights of the whole network go; "uniform": the smallest of each layer but the first, which
   * stays dense; "erk": of each layer by its density, see densities.ts.
   */
  readonly distribution?: Distribution | "global";
  /** Share of all steps before the first pruning, t₀, in [0, updateUntil]. Default 0. */
  readonly updateFrom?: number;
  /** Share of all steps before the last one, t_n, in [0, 1]. Default 0.75. */
  readonly updateUntil?: number;
  /** Steps from one pruning to the next, Δt ≥ 1. Default 100. */
  readonly updateEvery?: number;
}

/** Weights that are ranked together, and how many of them are left at the start and at the end of the schedule. */
interface Pool {
  readonly params: readonly Value[];
  readonly first: number;
  readonly last: number;
}

/**
 * Gradual magnitude pruning (Zhu & Gupta 2017, equation 1; spelled out at the head of this file). Makes single weights zero by itself
 * and takes no penalty.
 * @throws UsageError for options out of range; when bound, for a model without weights to make zero
 */
export function magnitude({
  sparsity = 0.9,
  initialSparsity = 0,
  distribution = "global",
  updateFrom = 0,
  updateUntil = 0.75,
  updateEvery = 100,
  momentum = 0.9,
  nesterov = false,
  weightDecay = 0,
}: MagnitudeOptions = {}): Optimizer<"v" | "mask", "lr" | "remaining"> {
  checkRange("sparsity", sparsity, 0, 1);
  checkShare("initialSparsity", initialSparsity, 0, sparsity);
  checkChoice("distribution", distribution, ["global", "uniform", "erk"]);
  checkShare("updateUntil", updateUntil, 0, 1);
  checkShare("updateFrom", updateFrom, 0, updateUntil);
  checkInteger("updateEvery", updateEvery, 1);

  const over = (pools: readonly Pool[], sets?: readonly GroupSet[]): Optimizer<"v" | "mask", "lr" | "remaining"> => ({
    name: "magnitude",
    options: {
      sparsity,
      initialSparsity,
      distribution,
      updateFrom,
      updateUntil,
      updateEvery,
      momentum,
      nesterov,
      weightDecay,
    },
    clock: {
      numbers: ["lr", "remaining"],
      start: () => ({}),
      tick(state, now, schedule) {
        const steps = now.epochs * now.stepsPerEpoch;
        const t = now.epoch * now.stepsPerEpoch + now.step + 1; // counts from 1
        const from = Math.max(1, Math.round(updateFrom * steps));
        const until = Math.max(from, Math.round(updateUntil * steps));
        const due = t === until || (t >= from && t < until && (t - from) % updateEvery === 0);
        const remaining = t >= until ? 0 : Math.min(1, (1 - (t - from) / (until - from)) ** 3);
        return { state, numbers: { lr: schedule.lr(now), remaining }, restart: false, ...(due && { kind: "prune" }) };
      },
    },
    ...maskedSgd({ momentum, nesterov, weightDecay }, new Set(pools.flatMap((p) => p.params))),
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
    return { params: pool, first: kept(n, first[i]), last: kept(n, last[i]) };
  });
  return [found.filter(({ params, last }) => last < params.reduce((sum, p) => sum + size(p.shape), 0)), sets];
}
