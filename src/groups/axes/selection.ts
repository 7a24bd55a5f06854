/** Operators that go by where elements stand: the axes on which they do are mixed. */
import { type AxesRules, barrier, sameAxes } from "./rule.ts";

export const selectionAxes: AxesRules<"selection"> = {
  GatherND: barrier("takes single elements by their positions"),
  Trilu: ({ in: [x] }) => ({ why: "takes a triangle of this axis", ties: sameAxes(x, (i) => i < x.shape.length - 2) }),
  Range: barrier("makes what depends on no channel"),
};
