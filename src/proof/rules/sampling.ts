/** Images read off between their elements: every element is taken to depend on the whole of the axes that are resized. */
import { axesOf } from "../../graph/op.ts";
import { mix } from "../mix.ts";
import { opaqueRule } from "../opaque.ts";
import type { Call, ProofRules } from "./rule.ts";

const resized = ({ attrs, inputs: [x] }: Call<{ readonly axes: readonly number[] }>) =>
  axesOf(attrs.axes, x!.shape.length);

/** Zeros are read off zeros. Every position may matter to all channels. */
const read = mix<unknown>({
  axes: ({ inputs: [x] }) => [...x!.shape.keys()].slice(2),
  of: () => (x) => (x === 0 ? 0 : Number.NaN),
});

export const samplingProofs: ProofRules<"sampling"> = {
  Resize: mix({ axes: resized, of: () => (x) => x }),
  GridSample: {
    known: (call, at) => read.known(call, at),
    needs: (call, k, need, at) => (k === 0 ? read.needs(call, k, need, at) : opaqueRule.needs(call, k, need, at)),
  },
};
