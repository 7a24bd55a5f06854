/** Operators that go by where elements stand. */
import { reshape } from "../../graph/emit.ts";
import { size } from "../../graph/tensor.ts";
import { addressedRows, ungather } from "./indexing.ts";
import type { FamilyRules } from "./rule.ts";

export const selectionRules: FamilyRules<"selection"> = {
  // y = x[index]: with the axes that are addressed made one, a Gather
  GatherND: (g, { in: [x, index], attrs: { batch_dims } }, dy) => {
    const depth = batch_dims + index.shape.at(-1)!;
    const rest = x.shape.slice(depth);
    const row = addressedRows(g, index, x.shape.slice(0, depth), batch_dims);
    const flat = reshape(g, dy, [size(row.shape), ...rest]);
    return [
      reshape(g, ungather(g, flat, reshape(g, row, [size(row.shape)]), 0, size(x.shape.slice(0, depth))), x.shape),
      null,
    ];
  },
  // what was kept
  Trilu: (g, { attrs }, dy) => [g.Trilu(dy, attrs)],
};
