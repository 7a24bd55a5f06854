/**
 * SGD with momentum on the weights that a mask leaves. Weights and momentum are zero outside their masks from the start, and
 * whatever changes a mask keeps them so: masking the gradient is then enough.
 */
import { z } from "zod";
import { UsageError } from "../error.ts";
import type { Builder } from "../graph/builder.ts";
import type { Value } from "../graph/types.ts";
import type { GroupSet } from "../groups/group-set.ts";
import { groupSets } from "../groups/groups.ts";
import type { Distribution } from "./densities.ts";
import { momentumStep } from "./momentum.ts";
import type { Fit, Optimizer } from "./optimizer.ts";

/** The options of methods whose masks move or grow. */
export const maskOptions = {
  sparsity: z.number().min(0).lt(1).default(0.9).describe("share of the weights that end as zero"),
  updateEvery: z.int().min(1).default(100).describe("steps from one change of the masks to the next"),
};

/** Momentum, and the mask: 1 = active. */
type Slots = "v" | "mask";

/** @param masked the parameters that have a mask; the slot of any other is all ones and costs a step nothing */
export function maskedSgd(
  options: Parameters<typeof momentumStep>[0],
  masked: ReadonlySet<Value>,
): Pick<Optimizer<Slots, "lr">, "slots" | "apart" | "propose" | "accept"> {
  const dense = momentumStep(options);
  return {
    slots: ["v", "mask"],
    apart: true,
    propose(g, at) {
      const { v, mask } = at.slots;
      const dw = masked.has(at.param) ? g.Mul(at.dw, mask) : at.dw;
      const next = dense.propose(g, { ...at, dw, slots: { v } });
      return { candidate: next.candidate, slots: { v: next.slots.v, mask } };
    },
    accept: dense.accept,
  };
}

/**
 * The weights of convolutions and dense layers, which masks are of.
 * @throws UsageError when there is none that could become sparse
 */
export function maskable({ graph }: Fit, optimizer: string, distribution: Distribution | "global"): GroupSet[] {
  const sets = groupSets(graph, "element");
  const sparse = sets.slice(distribution === "uniform" ? 1 : 0);
  if (sparse.length > 0) return sets;
  throw new UsageError(
    "nothing-to-do",
    `${optimizer} has no weights to make zero`,
    {
      got: sets.length > 0 ? `${sets[0].name} alone, and "uniform" leaves the first layer dense` : "none",
      wanted: "trainable weights of convolutions or dense layers",
    },
    sets.length > 0 ? 'choose the distribution "erk"' : "freeze less, or choose another optimizer",
  );
}

/** No momentum yet, every weight active. */
export function unmasked(g: Builder, w: Value): Record<Slots, Value> {
  const v = g.Sub(w, w);
  return { v, mask: g.Add(v, 1) };
}
