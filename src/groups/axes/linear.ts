/** Matrix products. The stored operand may stand on either side; its other side's channels are contracted. */
import { type AxesRules, broadcastTies, inputEnd, outputEnd, tie } from "./rule.ts";

const why = "multiplies two computed values over this axis";

export const linearAxes: AxesRules<"linear"> = {
  /**
   * x [… k] · W [k, n], or W [m, k] · x [… k, n]. Of two computed values, and of weights with batch axes (those
   * of experts), all pass: each matrix of a batch (a head of an attention) has its own product, and what is multiplied (query and key)
   * goes on both sides together.
   */
  MatMul: ({ in: inputs, out }, stored) => {
    const [A, B] = inputs.map((v) => v.shape);
    const y = out.shape;
    if (stored(1) && !stored(0) && B.length === 2) {
      const data = inputEnd(0, A.length - 1);
      const made = outputEnd(y.length - 1);
      const kept = A.slice(0, -1).map((_, i) => tie(inputEnd(0, i), outputEnd(i)));
      const weight = { data, made, at: 1, view: B, reads: [0], makes: [1], carried: false };
      return { why, ties: [...kept, tie(inputEnd(1, 0), data), tie(inputEnd(1, 1), made)], weight };
    }
    if (stored(0) && !stored(1) && A.length === 2 && B.length >= 2) {
      const data = inputEnd(1, B.length - 2);
      const made = outputEnd(y.length - 2);
      const kept = B.flatMap((_, i) => (i === B.length - 2 ? [] : [tie(inputEnd(1, i), outputEnd(i))]));
      const weight = { data, made, at: 0, view: A, reads: [1], makes: [0], carried: false };
      return { why, ties: [...kept, tie(inputEnd(0, 1), data), tie(inputEnd(0, 0), made)], weight };
    }
    if ((stored(0) && stored(1)) || A.length < 2 || B.length < 2) return { why, ties: [] };
    const batch = [A, B].flatMap((shape, at) => broadcastTies(at, shape.slice(0, -2), y.slice(0, -2)));
    const rows = tie(inputEnd(0, A.length - 2), outputEnd(y.length - 2));
    const columns = tie(inputEnd(1, B.length - 1), outputEnd(y.length - 1));
    const contracted = [inputEnd(0, A.length - 1), inputEnd(1, B.length - 2)] as const;
    return { why, ties: [...batch, rows, columns, tie(...contracted)], contracted };
  },

  /** Y [m, n] = A' [m, k] · B' [k, n] + C. */
  Gemm: ({ in: [A, B, C], out, attrs: { transA, transB } }, stored) => {
    const [m, kA] = transA ? [1, 0] : [0, 1];
    const [kB, n] = transB ? [1, 0] : [0, 1];
    const bias = C ? broadcastTies(2, C.shape, out.shape) : [];
    const sides = [tie(inputEnd(0, m), outputEnd(0)), tie(inputEnd(1, n), outputEnd(1)), ...bias];
    if (stored(1) && !stored(0)) {
      const data = inputEnd(0, kA);
      const weight = { data, made: outputEnd(1), at: 1, view: B.shape, reads: [kB], makes: [n], carried: false };
      return { why, ties: [...sides, tie(inputEnd(1, kB), data)], weight };
    }
    if (stored(0) && !stored(1)) {
      const data = inputEnd(1, kB);
      const weight = { data, made: outputEnd(0), at: 0, view: A.shape, reads: [kA], makes: [m], carried: false };
      return { why, ties: [...sides, tie(inputEnd(0, kA), data)], weight };
    }
    if (stored(0) || stored(1)) return { why, ties: sides };
    const contracted = [inputEnd(0, kA), inputEnd(1, kB)] as const;
    return { why, ties: [...sides, tie(...contracted)], contracted };
  },
};
