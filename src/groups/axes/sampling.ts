/** Images read off between their elements: the axes that are resized are mixed, the others pass. */
import { axesOf } from "../../graph/op.ts";
import { type AxesRules, inputEnd, outputEnd, sameAxes, tie } from "./rule.ts";

export const samplingAxes: AxesRules<"sampling"> = {
  Resize: ({ in: [x], attrs }) => {
    const axes = axesOf(attrs.axes, x.shape.length);
    return { why: "resizes this axis", ties: sameAxes(x, (i) => !axes.includes(i)) };
  },
  GridSample: ({ in: [x, grid] }) => ({
    why: "samples this axis",
    ties: [
      ...sameAxes(x, (i) => i < 2),
      tie(inputEnd(1, 0), outputEnd(0)),
      ...grid.shape.slice(1, -1).map((_, i) => tie(inputEnd(1, i + 1), outputEnd(i + 2))),
    ],
  }),
};
