/** Images read off between their elements: every element is taken to depend on the whole of the axes that are resized. */
import { axesOf } from "../../graph/op.ts";
import { mix } from "../mix.ts";
import type { Call, ProofRules } from "./rule.ts";

const resized = ({ attrs, inputs: [x] }: Call<{ readonly axes: readonly number[] }>) =>
  axesOf(attrs.axes, x!.shape.length);

export const samplingProofs: ProofRules<"sampling"> = {
  Resize: mix({ axes: resized, of: () => (x) => x }),
};
