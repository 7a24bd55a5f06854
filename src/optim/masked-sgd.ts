/**
 * SGD with momentum on the weights that a mask leaves. Weights and momentum are zero outside their masks from the start, and
 * whatever changes a mask keeps them so: masking the gradient is then enough.
 */
import type { Builder } from "../graph/builder.ts";
import type { Value } from "../graph/types.ts";
import type { Optimizer } from "./optimizer.ts";
import { type SgdOptions, sgd } from "./sgd.ts";

/** Momentum, and the mask: 1 = active. */
type Slots = "v" | "mask";

/** @param masked the parameters that have a mask; the slot of any other is all ones and costs a step nothing */
export function maskedSgd(
  options: SgdOptions,
  masked: ReadonlySet<Value>,
): Pick<Optimizer<Slots, "lr">, "slots" | "propose" | "accept"> {
  const dense = sgd(options);
  return {
    slots: ["v", "mask"],
    propose(g, at) {
      const { v, mask } = at.slots;
      const dw = masked.has(at.param) ? g.Mul(at.dw, mask) : at.dw;
      const next = dense.propose(g, { ...at, dw, slots: { v } });
      return { candidate: next.candidate, slots: { v: next.slots.v, mask } };
    },
    accept: dense.accept,
  };
}

/** No momentum yet, every weight active. */
export function unmasked(g: Builder, w: Value): Record<Slots, Value> {
  const v = g.Sub(w, w);
  return { v, mask: g.Add(v, 1) };
}
