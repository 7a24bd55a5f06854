/** Matrix products. Transposes in front of MatMul are free on the CPU: ONNX Runtime fuses them. */
import type { Builder } from "../../graph/builder.ts";
import { reshape } from "../../graph/emit.ts";
import { size } from "../../graph/tensor.ts";
import type { Value } from "../../graph/types.ts";
import type { FamilyRules } from "./rule.ts";

/** The last two axes exchanged. */
function transposed(g: Builder, x: Value): Value {
  const r = x.shape.length;
  return g.Transpose(x, { perm: [...x.shape.keys()].map((i) => (i < r - 2 ? i : 2 * r - 3 - i)) });
}

/** All axes but the last made one. */
const rows = (g: Builder, x: Value): Value => reshape(g, x, [size(x.shape.slice(0, -1)), x.shape.at(-1)!]);

export const linearRules: FamilyRules<"linear"> = {
  // Y = A·B  ⇒  dA = dY·Bᵀ,  dB = Aᵀ·dY. A vector is a row on the left, a column on the right.
  MatMul: (g, { in: [a, b] }, dy) => {
    const A = a.shape.length === 1 ? reshape(g, a, [1, ...a.shape]) : a;
    const B = b.shape.length === 1 ? reshape(g, b, [...b.shape, 1]) : b;
    const batch = dy.shape.slice(0, dy.shape.length + 2 - Math.min(a.shape.length, 2) - Math.min(b.shape.length, 2));
    const dY = reshape(g, dy, [...batch, A.shape.at(-2)!, B.shape.at(-1)!]);
    const dA = g.MatMul(dY, transposed(g, B));
    // one B for a whole batch of A: the batch's rows are rows of A like any others
    const shared = B.shape.length === 2;
    const dB = shared ? g.MatMul(transposed(g, rows(g, A)), rows(g, dY)) : g.MatMul(transposed(g, A), dY);
    return [dA, b.shape.length === 1 ? reshape(g, dB, dB.shape.slice(0, -1)) : dB];
  },
  // Y = α·A′·B′ + β·C, where ′ transposes or not
  Gemm: (g, { in: [A, B, C], attrs: { alpha, beta, transA, transB } }, dY) => [
    // dA′ = α·dY·B′ᵀ
    transA
      ? g.Gemm(B, dY, null, { alpha, transA: transB, transB: 1 })
      : g.Gemm(dY, B, null, { alpha, transB: 1 - transB }),
    // dB′ = α·A′ᵀ·dY
    transB
      ? g.Gemm(dY, A, null, { alpha, transA: 1, transB: transA })
      : g.Gemm(A, dY, null, { alpha, transA: 1 - transA }),
    // dC = β·dY
    C && (beta === 1 ? dY : g.Mul(dY, beta)),
  ],
};
