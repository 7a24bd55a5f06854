/** Recurrent layers. */
import { size } from "../../graph/tensor.ts";
import type { Value } from "../../graph/types.ts";
import { type ShrinkRules, same } from "./rule.ts";

interface Layer {
  readonly in: readonly [Value, Value, Value, ...(Value | null)[]];
}

const layer = {
  fold: { opaque: "carries its units from step to step" },
  cut: same,
  /** Of every step of every sequence: W and R. */
  macs: ({ in: [x, w, r] }: Layer) => x.shape[0] * x.shape[1] * (size(w.shape) + size(r.shape)),
};

export const recurrentShrinking: ShrinkRules<"recurrent"> = { GRU: layer, LSTM: layer, RNN: layer };
