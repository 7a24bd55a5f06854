/** Images read off between their elements: weights add up to one. */
import { plain, type ShrinkRules } from "./rule.ts";

export const samplingShrinking: ShrinkRules<"sampling"> = {
  Resize: { ...plain, fold: { along: () => (x: number) => x } },
};
