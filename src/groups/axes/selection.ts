/** Operators that go by where elements stand: the axes on which they do are mixed. */
import { type AxesRules, barrier, inputEnd, outputEnd, sameAxes, tie } from "./rule.ts";

export const selectionAxes: AxesRules<"selection"> = {
  /** Coordinates name the first axes, behind those of samples; what lies behind is taken whole. */
  GatherND: ({ in: [x, indices], attrs: { batch_dims } }) => {
    const first = batch_dims + indices.shape.at(-1)!;
    const shift = indices.shape.length - 1 - first;
    return {
      why: "takes single elements by their positions",
      ties: x.shape.flatMap((_, i) => (i < first ? [] : [tie(inputEnd(0, i), outputEnd(i + shift))])),
    };
  },
  Trilu: ({ in: [x] }) => ({ why: "takes a triangle of this axis", ties: sameAxes(x, (i) => i < x.shape.length - 2) }),
  Range: barrier("makes what depends on no channel"),
};
