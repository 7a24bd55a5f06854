/** Recurrent layers. */
import { type Masks, opaque, type ShrinkRules, stayCount } from "./rule.ts";

/** The units are the columns of R. */
function cutUnits<A extends { readonly hidden_size: number }>(attrs: A, masks: Masks): A {
  const units = masks("in", 2)[2];
  return units ? { ...attrs, hidden_size: stayCount(units) } : attrs;
}

const layer = opaque("carries its units from step to step");

export const recurrentShrinking: ShrinkRules<"recurrent"> = {
  GRU: { ...layer, cut: { attrs: ({ attrs }, masks) => cutUnits(attrs, masks) } },
  LSTM: { ...layer, cut: { attrs: ({ attrs }, masks) => cutUnits(attrs, masks) } },
  RNN: { ...layer, cut: { attrs: ({ attrs }, masks) => cutUnits(attrs, masks) } },
};
