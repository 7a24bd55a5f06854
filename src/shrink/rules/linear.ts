/** Matrix products. */
import { size } from "../../graph/tensor.ts";
import { type ShrinkRules, same } from "./rule.ts";

export const linearShrinking: ShrinkRules<"linear"> = {
  MatMul: {
    fold: { weight: { uniform: () => true, columns: true, product: true } },
    cut: same,
    macs: ({ in: [a], out }) => size(out.shape) * a.shape[a.shape.length - 1],
  },
  Gemm: {
    fold: {
      weight: { uniform: () => true, columns: true },
    },
    cut: same,
    macs: ({ in: [a], out, attrs: { transA } }) => size(out.shape) * a.shape[transA ? 0 : 1],
  },
};
