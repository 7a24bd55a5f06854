/** Element by element. What a rounding error turns into another number is asked of the network's inputs alone, which have none. */
import type { Value } from "../../../src/graph/types.ts";
import { chance, pick } from "../../mutate/pick.ts";
import type { Net } from "../net.ts";
import { atRank, moveEach, type NetMoves } from "./move.ts";

/** Defined everywhere, and nowhere steep. */
const GENTLE = [
  "Relu",
  "LeakyRelu",
  "Sigmoid",
  "Tanh",
  "Softplus",
  "Elu",
  "Celu",
  "Erf",
  "Gelu",
  "HardSwish",
  "HardSigmoid",
  "Mish",
  "Neg",
  "Abs",
  "Softsign",
  "Selu",
  "Identity",
  "Sin",
  "Cos",
  "Atan",
  "Asinh",
] as const;
/** Of numbers between −1 and 1. */
const BOUNDED = ["Asin", "Acos", "Tan", "Sinh", "Cosh", "Exp"] as const;
/** Of positive numbers. */
const POSITIVE = ["Log", "Sqrt", "Reciprocal"] as const;
const STEPS = ["Floor", "Ceil", "Round", "Sign"] as const;
const JOINING = ["Add", "Sub", "Mul", "Max", "Min"] as const;
const SEVERAL = ["Sum", "Mean"] as const;
const COMPARISONS = ["Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual"] as const;
const LOGIC = ["And", "Or", "Xor"] as const;

/** A weight along the channels, or along the last axis. */
const vector = (n: Net, x: Value): Value =>
  chance(n.random, 0.5) ? n.weight(x.shape[1], ...x.shape.slice(2).map(() => 1)) : n.weight(x.shape.at(-1)!);

/** What is true of some samples, [N, 1…]. */
function condition(n: Net, rank: number): Value {
  const largest = n.g.ReduceMax(n.g.Flatten(n.given()), { axes: [1], keepdims: 1 });
  const one = n.g.Reshape(largest, { shape: [-1, ...Array(rank - 1).fill(1)] });
  return n.g.emit(pick(n.random, COMPARISONS), [one, n.g.scalar(n.random.normal())])[0];
}

export const elementwiseMoves = {
  ...moveEach(GENTLE, (op) => (n, x) => n.g.emit(op, [x])[0]),
  ...moveEach(BOUNDED, (op) => (n, x) => n.g.emit(op, [n.g.Tanh(x)])[0]),
  ...moveEach(POSITIVE, (op) => (n, x) => n.g.emit(op, [n.g.Add(n.g.Abs(x), 0.5)])[0]),
  atanh: (n, x) => n.g.Atanh(n.g.Mul(n.g.Tanh(x), 0.9)),
  acosh: (n, x) => n.g.Acosh(n.g.Add(n.g.Abs(x), 1.5)),
  square: (n, x) => n.g.Pow(x, n.g.scalar(2)),
  power: atRank(2, (n, x) => n.g.Pow(n.g.Add(n.g.Abs(x), 0.5), n.weight(x.shape.at(-1)!))),
  clip: (n, x) => n.g.Clip(x, { min: -0.7, max: 1.1 }),
  prelu: atRank(2, (n, x) => n.g.PRelu(x, n.weight(x.shape[1], ...x.shape.slice(2).map(() => 1)))),
  dropout: (n, x) => n.g.Dropout(x, { ratio: 0.3 }),
  scale: atRank(2, (n, x) => n.g.Mul(x, vector(n, x))),
  shift: atRank(2, (n, x) => n.g.Add(x, vector(n, x))),
  ...moveEach(JOINING, (op) => atRank(2, (n, x) => n.g.emit(op, [x, n.partner(x)])[0])),
  ...moveEach(SEVERAL, (op) => atRank(2, (n, x) => n.g.emit(op, [x, n.partner(x), vector(n, x)])[0])),
  divide: (n, x) => n.g.Div(x, n.g.Add(n.g.Abs(n.partner(x)), 1)),
  gate: atRank(2, (n, x) => n.g.Mul(n.g.Sigmoid(n.partner(x)), x)),
  where: (n, x) => n.g.Where(n.g.Greater(x, 0), x, n.g.Mul(x, 0.2)),
  ...moveEach(LOGIC, (op) =>
    atRank(2, (n, x) => {
      const [p, q] = [condition(n, x.shape.length), condition(n, x.shape.length)];
      return n.g.Where(n.g.emit(op, [p, q])[0], x, n.partner(x));
    }),
  ),
  not: atRank(2, (n, x) => n.g.Where(n.g.Not(condition(n, x.shape.length)), x, n.partner(x))),
  ...moveEach(["IsNaN", "IsInf"], (op) => (n, x) => n.g.Where(n.g.emit(op, [x])[0], n.g.scalar(0), x)),
  // not of what is computed: a rounding error would be a step
  ...moveEach(STEPS, (op) => (n) => n.g.emit(op, [n.given()])[0]),
  remainder: (n) => n.g.Mod(n.given(), n.g.scalar(0.7), { fmod: 1 }),
  threshold: (n) => n.g.ThresholdedRelu(n.given(), { alpha: 0.5 }),
  shrink: (n) => n.g.Shrink(n.given(), { lambd: 0.4, bias: 0.1 }),
  whole: (n) => n.g.Cast(n.g.Cast(n.given(), { to: "int64" }), { to: "float32" }),
  ...moveEach(COMPARISONS, (op) => (n) => {
    const truth = n.g.emit(op, [n.given(), n.g.scalar(n.random.normal())])[0];
    return n.g.Cast(truth, { to: "float32" });
  }),
} satisfies NetMoves;
