/** Matrix products that ONNX Runtime's fusions make. Source: its docs/ContribOperators.md. */
import type { Builder } from "../../graph/builder.ts";
import { flag, float } from "../../graph/op.ts";
import type { Value } from "../../graph/types.ts";
import { type Expansion, scaledBy } from "./expansion.ts";

/** The axes of a factor as a product wants them: the first one behind the batch's (`batch`), the last two exchanged (`matrix`). */
function arranged(g: Builder, x: Value, batch: number, matrix: number): Value {
  const rank = x.shape.length;
  let perm = [...x.shape.keys()];
  if (batch && rank > 2) perm = [...perm.slice(1, -1), 0, rank - 1];
  if (matrix && rank > 1) perm = [...perm.slice(0, -2), perm[rank - 1], perm[rank - 2]];
  return perm.every((p, i) => p === i) ? x : g.Transpose(x, { perm });
}

const transposes = { transA: flag(0), transB: flag(0), transBatchA: flag(0), transBatchB: flag(0) };

export const linearExpansions: Readonly<Record<string, Expansion>> = {
  /** α·A′·B′ */
  FusedMatMul: {
    inputs: [2, 2],
    attrs: { alpha: float(1), ...transposes },
    emit(g, { in: [a, b], number }) {
      const A = arranged(g, a!, number("transBatchA"), number("transA"));
      const B = arranged(g, b!, number("transBatchB"), number("transB"));
      return [scaledBy(g, g.MatMul(A, B), number("alpha"))];
    },
  },
};
