/** Operators that go by where elements stand. */
import { mix } from "../mix.ts";
import { opaqueRule } from "../opaque.ts";
import type { ProofRules } from "./rule.ts";

export const selectionProofs: ProofRules<"selection"> = {
  GatherND: opaqueRule,
  Trilu: mix({
    axes: ({ inputs: [x] }) => [x!.shape.length - 2, x!.shape.length - 1],
    of: () => (x) => (x === 0 ? 0 : Number.NaN),
    selects: true,
  }),
  Range: opaqueRule,
};
