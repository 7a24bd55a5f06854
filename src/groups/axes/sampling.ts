/** Images read off between their elements: the axes that are resized are mixed, the others pass. */
import { axesOf } from "../../graph/op.ts";
import { type AxesRules, sameAxes } from "./rule.ts";

export const samplingAxes: AxesRules<"sampling"> = {
  Resize: ({ in: [x], attrs }) => {
    const axes = axesOf(attrs.axes, x.shape.length);
    return { why: "resizes this axis", ties: sameAxes(x, (i) => !axes.includes(i)) };
  },
};
