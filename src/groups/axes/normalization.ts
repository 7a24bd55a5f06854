/** Normalization: vectors go with the channel; an axis that is normalized over is mixed. */
import { axisOf } from "../../graph/op.ts";
import { type AxesRules, inputEnd, outputEnd, sameAxes, tie } from "./rule.ts";

const why = "normalizes over this axis";
const vectors = (n: number) => Array.from({ length: n }, (_, i) => tie(inputEnd(i + 1, 0), outputEnd(1)));

export const normalizationAxes: AxesRules<"normalization"> = {
  BatchNormalization: ({ in: [x] }) => ({ ties: [...sameAxes(x), ...vectors(4)], affine: [1, 2] }),
  InstanceNormalization: ({ in: [x] }) => ({
    why,
    ties: [...sameAxes(x, (i) => i < 2), ...vectors(2)],
    affine: [1, 2],
  }),
  LayerNormalization: ({ in: [x], attrs }) => {
    const first = axisOf(attrs.axis, x.shape.length);
    return { why, ties: sameAxes(x, (i) => i < first) };
  },
};
