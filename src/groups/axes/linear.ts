/** Matrix products. The stored operand may stand on either side; its other side's channels are contracted. */
import type { OpName } from "../../graph/ops/index.ts";
import { broadcastTies, type Flow, input, output, type Rule, tie } from "./rule.ts";

const why = "multiplies two computed values over this axis";

/** x [… k] · W [k, n], or W [m, k] · x [… k, n]. Weights with batch axes are not grouped. */
const MatMul: Rule = ({ inputs, outputs }, stored): Flow => {
  const [A, B] = inputs.map((v) => v!.shape);
  const y = outputs[0]!.shape;
  if (stored(1) && !stored(0) && B.length === 2) {
    const data = input(0, A.length - 1);
    const made = output(y.length - 1);
    const kept = A.slice(0, -1).map((_, i) => tie(input(0, i), output(i)));
    const weight = { data, made, at: 1, view: B, reads: [0], makes: [1], carried: false };
    return { why, ties: [...kept, tie(input(1, 0), data), tie(input(1, 1), made)], weight };
  }
  if (stored(0) && !stored(1) && A.length === 2 && B.length >= 2) {
    const data = input(1, B.length - 2);
    const made = output(y.length - 2);
    const kept = B.flatMap((_, i) => (i === B.length - 2 ? [] : [tie(input(1, i), output(i))]));
    const weight = { data, made, at: 0, view: A, reads: [1], makes: [0], carried: false };
    return { why, ties: [...kept, tie(input(0, 1), data), tie(input(0, 0), made)], weight };
  }
  return { why, ties: [] };
};

/** Y [m, n] = A' [m, k] · B' [k, n] + C. */
const Gemm: Rule = ({ attrs, inputs, outputs }, stored): Flow => {
  const [A, B, C] = inputs;
  const [m, kA] = attrs.transA ? [1, 0] : [0, 1];
  const [kB, n] = attrs.transB ? [1, 0] : [0, 1];
  const bias = C ? broadcastTies(2, C.shape, outputs[0]!.shape) : [];
  const sides = [tie(input(0, m), output(0)), tie(input(1, n), output(1)), ...bias];
  if (stored(1) && !stored(0)) {
    const data = input(0, kA);
    const weight = { data, made: output(1), at: 1, view: B!.shape, reads: [kB], makes: [n], carried: false };
    return { why, ties: [...sides, tie(input(1, kB), data)], weight };
  }
  if (stored(0) && !stored(1)) {
    const data = input(1, kB);
    const weight = { data, made: output(0), at: 0, view: A!.shape, reads: [kA], makes: [m], carried: false };
    return { why, ties: [...sides, tie(input(0, kA), data)], weight };
  }
  return { why, ties: sides };
};

export const linear = { MatMul, Gemm } satisfies Partial<Record<OpName, Rule>>;
