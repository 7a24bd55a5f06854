/** Reshape: which axes of the old shape make which axes of the new one. */
import type { Shape } from "../../graph/types.ts";
import { commonFactors, factorTies } from "./factors.ts";
import type { Flow } from "./rule.ts";

/**
 * An axis that stays is tied one to one. An axis that is taken apart (`[… H·d]` → `[… H, d]`) is the product of those that it becomes,
 * and axes that are joined are the factors of the one that they become: an index of one factor can go when it goes at every index of
 * the others. Where no factors are in common, nothing passes.
 */
export function reshapeFlow(from: Shape, to: Shape): Flow {
  const regrouped = commonFactors(from, to);
  return { why: "regroups this axis together with others", ties: factorTies(regrouped), regrouped };
}
