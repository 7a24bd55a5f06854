/** Matrix products. */
import { broadcast, flag, float, op, reject, sameType, type Type } from "../op.ts";

export const linearOps = {
  /** numpy.matmul, 1-D operands included. */
  MatMul: op(
    2,
    {},
    (x) => {
      const [a, b] = x.map((t) => t.shape);
      if (a.length === 0 || b.length === 0) reject("a scalar is no matrix", `[${a}] · [${b}]`, "rank 1 or more");
      const inner = a[a.length - 1];
      if (inner !== b[Math.max(0, b.length - 2)]) reject("MatMul sizes differ", `[${a}] · [${b}]`, "[…,m,k] · […,k,n]");
      const batch = broadcast(a.slice(0, -2), b.slice(0, -2));
      return {
        dtype: sameType(x),
        shape: [...batch, ...(a.length > 1 ? [a[a.length - 2]] : []), ...(b.length > 1 ? [b[b.length - 1]] : [])],
      };
    },
    { learns: [0, 1], product: { inputsFirst: () => true } },
  ),
  /** Y = alpha·A'·B' + beta·C, 2-D. */
  Gemm: op(
    3,
    { alpha: float(1), beta: float(1), transA: flag(0), transB: flag(0) },
    (x: readonly Type[], { transA, transB }) => {
      const [a, b, c] = x;
      const [m, k] = transA ? [a.shape[1], a.shape[0]] : a.shape;
      const [l, n] = transB ? [b.shape[1], b.shape[0]] : b.shape;
      if (a.shape.length !== 2 || b.shape.length !== 2 || k !== l)
        reject(
          "Gemm sizes differ",
          `A [${a.shape}] transA ${transA}, B [${b.shape}] transB ${transB}`,
          "[m,k] · [k,n]",
        );
      if (c && broadcast(c.shape, [m, n]).join() !== [m, n].join())
        reject("Gemm's C does not broadcast", `[${c.shape}]`, `[${m},${n}]`);
      return { dtype: sameType([a, b]), shape: [m, n] };
    },
    {
      required: 2,
      learns: [0, 1, 2],
      product: {
        inputsFirst: ({ transB }) => !transB,
        factors: ({ alpha, beta }) => ({ product: alpha, bias: beta }),
        withBias: (a) => ({ ...a, beta: 1 }),
      },
    },
  ),
};
