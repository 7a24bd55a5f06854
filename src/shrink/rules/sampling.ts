/** Images read off between their elements: weights add up to one. */
import { plain, type ShrinkRules } from "./rule.ts";

export const samplingShrinking: ShrinkRules<"sampling"> = {
  Resize: { ...plain, fold: { along: () => (x: number) => x } },
  // zeros lie around what it reads
  GridSample: { ...plain, fold: { along: () => (x: number) => (x === 0 ? 0 : Number.NaN) } },
};
