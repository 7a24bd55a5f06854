/** Pooling: every window is taken to be the whole picture. */

import { size } from "../../graph/tensor.ts";
import { collapsed, isZero, known, met, moved } from "../fact.ts";
import { allOnes, type Move } from "../field.ts";
import { mix } from "../mix.ts";
import { everywhere, greatest, isNeeded, movedBack } from "../need.ts";
import { type Call, NEED, type Need, type ProofRule, type ProofRuleOf, type ProofRules } from "./rule.ts";

const spatial = ({ inputs }: { readonly inputs: readonly ({ readonly shape: readonly number[] } | null)[] }) =>
  inputs[0]!.shape.flatMap((_, i) => (i < 2 ? [] : [i]));
const zeroStays = () => (x: number) => (x === 0 ? 0 : Number.NaN);
const same = () => (x: number) => x;

const GlobalMaxPool = mix({ axes: spatial, of: same, selects: true });
const highest: ProofRule<unknown> = GlobalMaxPool;

/** The columns of a channel, apart from those of others: [N, C·taps, windows] → [N, C, taps, windows]. */
const apart = ({ attrs, inputs: [x] }: Call<{ readonly block_shape: readonly number[] }>): Move => {
  const [n, columns, windows] = x!.shape;
  const taps = size(attrs.block_shape);
  return { kind: "reshape", from: x!.shape, to: [n, columns / taps, taps, windows] };
};

/** Sums of a channel's columns: only that of zeros is known. */
const Col2Im: ProofRuleOf<"Col2Im"> = {
  known(call) {
    const line = met(moved(call.known[0], [apart(call)]), [2, 3]);
    const shape = [...line.shape.slice(0, 2), ...allOnes(call.attrs.image_shape.length)];
    const value = Float64Array.from(line.value, (c, i) => (isZero(line, i) ? c : Number.NaN));
    return collapsed(known(shape, value));
  },
  needs(call, _, need) {
    const image = greatest(need, [...need.shape.keys()].slice(2));
    return movedBack({ shape: [...image.shape.slice(0, 2), 1, 1], level: image.level }, [apart(call)]);
  },
};

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
  LpPool: mix({ axes: spatial, of: zeroStays }),
  GlobalLpPool: mix({ axes: spatial, of: zeroStays }),
  Col2Im,
  // the second output counts positions through all channels
  MaxPool: {
    known: (call, at) => highest.known(call, at),
    needs: (call, k, need, at): Need =>
      at === 0 ? highest.needs(call, k, need, at) : everywhere(need.shape.length, isNeeded(need) ? NEED.live : 0),
  },
};
