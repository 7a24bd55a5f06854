/** Matrix products. */
import { type ShrinkRules, same } from "./rule.ts";

export const linearShrinking: ShrinkRules<"linear"> = {
  MatMul: {
    fold: { weight: { uniform: () => true, columns: true, product: true } },
    cut: same,
  },
  Gemm: {
    fold: {
      weight: { uniform: () => true, columns: true },
    },
    cut: same,
  },
};
