/** Pooling: every window is taken to be the whole picture. */

import { size } from "../../graph/tensor.ts";
import { nothing } from "../fact.ts";
import { mix } from "../mix.ts";
import { everywhere, greatest, isNeeded, movedBack } from "../need.ts";
import { NEED, type Need, type ProofRule, type ProofRules } from "./rule.ts";

const spatial = ({ inputs }: { readonly inputs: readonly ({ readonly shape: readonly number[] } | null)[] }) =>
  inputs[0]!.shape.flatMap((_, i) => (i < 2 ? [] : [i]));
const zeroStays = () => (x: number) => (x === 0 ? 0 : Number.NaN);
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
  LpPool: mix({ axes: spatial, of: zeroStays }),
  GlobalLpPool: mix({ axes: spatial, of: zeroStays }),
  Col2Im: {
    known: (call) => nothing(call.outputs[0]!.shape.length),
    needs({ attrs, inputs: [x], outputs: [y] }, _, need) {
      const [n, columns, windows] = x!.shape;
      const taps = size(attrs.block_shape);
      const perImage = greatest(need, [...y!.shape.keys()].slice(2));
      const shape = [...perImage.shape.slice(0, 2), 1, 1];
      return movedBack({ shape, level: perImage.level }, [
        { kind: "reshape", from: [n, columns, windows], to: [n, columns / taps, taps, windows] },
      ]);
    },
  },
  // the second output counts positions through all channels
  MaxPool: {
    known: (call, at) => highest.known(call, at),
    needs: (call, k, need, at): Need =>
      at === 0 ? highest.needs(call, k, need, at) : everywhere(need.shape.length, isNeeded(need) ? NEED.live : 0),
  },
};
