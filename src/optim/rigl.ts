/**
 * RigL: sparse training with masks that move (Evci, Gale, Menick, Castro & Elsen, "Rigging the lottery", ICML 2020,
 * arXiv 1911.11134, Algorithm 1). SGD with momentum trains the weights inside the masks; every ΔT steps until T_end, instead of
 * such a step, each layer exchanges a share f(t) = (a/2)(1 + cos(πt/T_end)) of its active weights:
 *   drop the ⌊f·active⌋ of the smallest |w|, grow as many of the largest |∂loss/∂w| among all that are not kept.
 * What was dropped and grown again keeps its value and momentum, as in the authors' code; what is new starts at 0. Masks are of
 * the weights of convolutions and dense layers, each with the same number of active ones at every step. A new weight is active
 * while it still is 0, so that right after an exchange a few more zeros are counted than the masks have.
 */
import { z } from "zod";
import type { Builder } from "../graph/builder.ts";
import { size, tensor } from "../graph/tensor.ts";
import type { Value } from "../graph/types.ts";
import type { GroupSet } from "../groups/group-set.ts";
import { Random } from "../math/random.ts";
import { named, say } from "../message.ts";
import { defineOptimizer, form, type OptimizerRule } from "./define.ts";
import { type Distribution, densities, keptWeights } from "./densities.ts";
import { largest, magnitudes } from "./largest.ts";
import { maskable, maskedSgd, maskOptions, unmasked } from "./masked-sgd.ts";
import { sgdOptions } from "./momentum.ts";
import type { Fit } from "./optimizer.ts";
import { allSteps, type Moment } from "./schedule.ts";

const options = z.strictObject({
  sparsity: maskOptions.sparsity,
  distribution: z
    .enum(["erk", "uniform"])
    .default("erk")
    .describe("how sparsity is spread over layers: erk, or uniform, the same in each but the first"),
  updateEvery: maskOptions.updateEvery,
  updateUntil: z.number().gt(0).max(1).default(0.75).describe("share of the run after which masks stay"),
  dropFraction: z.number().gt(0).max(1).default(0.3).describe("share of the active weights that is exchanged at first"),
  momentum: sgdOptions.momentum,
  nesterov: sgdOptions.nesterov.meta({ description: "Nesterov's momentum", paper: "true" }),
  weightDecay: sgdOptions.weightDecay,
});
/** Options of `rigl`. */
export type RiglOptions = z.input<typeof options>;

/** The first mask of each layer that is not dense, and how many ones it has. */
type Masks = ReadonlyMap<Value, { readonly active: number; readonly mask: Uint8Array }>;

function make({
  sparsity,
  distribution,
  updateEvery,
  updateUntil,
  dropFraction,
  ...sgd
}: z.output<typeof options>): OptimizerRule<"v" | "mask", "lr" | "drop"> {
  const end = (of: Pick<Moment, "epochs" | "stepsPerEpoch" | "steps">) => updateUntil * allSteps(of);

  const over = (masks: Masks, sets?: readonly GroupSet[]): OptimizerRule<"v" | "mask", "lr" | "drop"> => ({
    clock: {
      numbers: ["lr", "drop"],
      start: () => ({}),
      tick(state, now, schedule) {
        const t = now.epoch * now.stepsPerEpoch + now.step + 1; // counts from 1
        const exchange = t % updateEvery === 0 && t < end(now);
        const drop = exchange ? (dropFraction / 2) * (1 + Math.cos((Math.PI * t) / end(now))) : 0;
        return {
          state,
          numbers: { lr: schedule.lr(now), drop },
          restart: false,
          ...(exchange && { kind: "exchange" }),
        };
      },
    },
    ...maskedSgd(sgd, new Set(masks.keys())),
    kinds: {
      exchange: {
        propose(g, { param, w, dw, slots, clock }) {
          const layer = masks.get(param);
          if (!layer) return { candidate: w, slots };
          const mask = exchange(g, { w, dw, mask: slots.mask }, layer.active, clock.drop, dropFraction);
          // what is new was 0 outside the old mask, and so was its momentum
          return { candidate: g.Mul(w, mask), slots: { v: g.Mul(slots.v, mask), mask } };
        },
      },
    },
    ...(sets && { sets }),
    bind: (to) => over(...firstMasks(to, sparsity, distribution)),
    init(g, w, param) {
      const first = unmasked(g, w);
      const layer = masks.get(param);
      return layer ? { ...first, mask: given(g, layer.mask, w) } : first;
    },
    start: (g, { param, w, slots }) => (masks.has(param) ? g.Mul(w, slots.mask) : w),
    warnings(_, epochs, stepsPerEpoch) {
      const last = end({ epochs, stepsPerEpoch });
      if (updateEvery < last) return [];
      return [
        say`rigl never moves its masks: they stay from step ${Math.ceil(last)} on, and ${named("updateEvery")} is ${updateEvery}`,
      ];
    },
  });
  return over(new Map());
}

/** The next mask, with as many ones as before. `share` is at most `mostShare`. */
function exchange(
  g: Builder,
  { w, dw, mask }: Readonly<Record<"w" | "dw" | "mask", Value>>,
  active: number,
  share: Value,
  mostShare: number,
): Value {
  const n = size(w.shape);
  const dropped = g.Cast(g.Floor(g.Mul(share, active)), { to: "int32" }); // ⌊f·active⌋
  const keep = largest(g, magnitudes(g, w, mask), active, g.Sub(active, dropped));
  const slope = g.Reshape(g.Abs(dw), { shape: [n] });
  const outside = g.Sub(g.Mul(slope, g.Sub(1, keep)), keep); // |∂loss/∂w|, −1 for what is kept
  const most = Math.min(n, Math.floor(mostShare * active) + 1);
  return g.Reshape(g.Add(keep, largest(g, outside, most, dropped)), { shape: w.shape });
}

function firstMasks(to: Fit, sparsity: number, distribution: Distribution): [Masks, GroupSet[]] {
  const sets = maskable(to, "rigl", distribution);
  const weights = sets.map(({ members: [{ param }] }) => param);
  const shares = densities(
    weights.map((p) => p.shape),
    sparsity,
    distribution,
  );
  const masks = weights.flatMap((param, i) => {
    const n = size(param.shape);
    const active = keptWeights(n, shares[i]);
    return active < n ? [[param, { active, mask: draw(new Random(to.seed, "mask", i), n, active) }] as const] : [];
  });
  return [new Map(masks), sets];
}

/** Ones at `count` of n places, each choice equally likely (Floyd's algorithm, Bentley & Floyd 1987). */
function draw(random: Random, n: number, count: number): Uint8Array {
  const mask = new Uint8Array(n);
  for (let j = n - count; j < n; j++) {
    const place = random.int(j + 1);
    mask[mask[place] ? j : place] = 1;
  }
  return mask;
}

const given = (g: Builder, mask: Uint8Array, { shape }: Value): Value =>
  g.Cast(g.constant(tensor("uint8", shape, mask)), { to: "float32" });

/**
 * RigL (Evci et al. 2020, Algorithm 1; spelled out at the head of this file). Makes single weights zero by itself and takes no penalty.
 * @throws UsageError for options out of range; when bound, for a model without weights to make zero
 */
export const rigl = defineOptimizer(
  {
    name: "rigl",
    source: "Evci et al., ICML 2020",
    minimizes:
      "f(W) on a mask of fixed size that moves: every ΔT steps the smallest weights are dropped and as many grown where the dense gradient is largest.",
    when: "A fixed share of single weights from the first step on. It makes no structure: the file does not shrink.",
    paper: "ΔT 100, drop 0.3 with a cosine to zero at 75 % of the steps, ERK densities, Nesterov SGD lr 0.1.",
    demo: { sparsity: 0.8, lr: 0.05, milestones: [6, 9] },
  },
  form({ options, defaults: { lr: 0.1 }, make }),
);
