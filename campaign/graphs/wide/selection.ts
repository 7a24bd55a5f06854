/** What stands where an index says. */
import { axisOf } from "../../../src/graph/op.ts";
import { i64 } from "../../../src/graph/tensor.ts";
import type { Doubles } from "./double.ts";

export const selectionDoubles: Doubles<"OneHot"> = {
  OneHot: (g, { in: [indices, values], attrs: { axis, depth } }) => {
    const rank = indices.shape.length + 1;
    const at = axisOf(axis, rank);
    const places = i64([...Array(depth).keys()], [depth, ...Array(rank - 1 - at).fill(1)]);
    const hit = g.Equal(g.Unsqueeze(indices, { axes: [at] }), g.constant(places));
    const [off, on] = g.Split(values, { axis: 0, split: [1, 1] });
    return g.Where(hit, on, off);
  },
};
