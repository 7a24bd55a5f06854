/** Pooling: every window is taken to be the whole picture. */

import { mix } from "../mix.ts";
import { everywhere, isNeeded } from "../need.ts";
import { NEED, type Need, type ProofRule, type ProofRules } from "./rule.ts";

const spatial = ({ inputs }: { readonly inputs: readonly ({ readonly shape: readonly number[] } | null)[] }) =>
  inputs[0]!.shape.flatMap((_, i) => (i < 2 ? [] : [i]));
const same = () => (x: number) => x;

const GlobalMaxPool = mix({ axes: spatial, of: same, selects: true });
const highest: ProofRule<unknown> = GlobalMaxPool;

export const poolingProofs: ProofRules<"pooling"> = {
  // with the padding counted, windows at the border average zeros in
  AveragePool: mix({
    axes: spatial,
    of:
      ({ pads, count_include_pad }) =>
      (x) =>
        x === 0 || !count_include_pad || pads.every((p) => p === 0) ? x : Number.NaN,
  }),
  GlobalAveragePool: mix({ axes: spatial, of: same }),
  GlobalMaxPool,
  // the second output counts positions through all channels
  MaxPool: {
    known: (call, at) => highest.known(call, at),
    needs: (call, k, need, at): Need =>
      at === 0 ? highest.needs(call, k, need, at) : everywhere(need.shape.length, isNeeded(need) ? NEED.live : 0),
  },
};
