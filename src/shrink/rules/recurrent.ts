/** Recurrent layers. */
import { size } from "../../graph/tensor.ts";
import type { Value } from "../../graph/types.ts";
import { type Masks, type ShrinkRules, stayCount } from "./rule.ts";

interface Layer {
  readonly in: readonly [Value, Value, Value, ...(Value | null)[]];
}

/** The units are the columns of R. */
function cutUnits<A extends { readonly hidden_size: number }>(attrs: A, masks: Masks): A {
  const units = masks("in", 2)[2];
  return units ? { ...attrs, hidden_size: stayCount(units) } : attrs;
}

const layer = {
  fold: { opaque: "carries its units from step to step" },
  /** Of every step of every sequence: W and R. */
  macs: ({ in: [x, w, r] }: Layer) => x.shape[0] * x.shape[1] * (size(w.shape) + size(r.shape)),
};

export const recurrentShrinking: ShrinkRules<"recurrent"> = {
  GRU: { ...layer, cut: { attrs: ({ attrs }, masks) => cutUnits(attrs, masks) } },
  LSTM: { ...layer, cut: { attrs: ({ attrs }, masks) => cutUnits(attrs, masks) } },
  RNN: { ...layer, cut: { attrs: ({ attrs }, masks) => cutUnits(attrs, masks) } },
};
