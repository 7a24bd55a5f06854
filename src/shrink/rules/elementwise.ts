/** Elementwise operators. Functions that jump are opaque: float32 and float64 may fall on different sides. */
import { each, opaque, plain, type ShrinkRules } from "./rule.ts";

const jumps = opaque("jumps, so float32 and float64 may fall on different sides");
const zeroOnly = each((x) => (x === 0 ? 0 : Number.NaN));
const same = each((x) => x);
const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
const softplus = (x: number) => (x > 0 ? x + Math.log1p(Math.exp(-x)) : Math.log1p(Math.exp(x)));
const clamp = (x: number, lo: number, hi: number) => Math.min(Math.max(x, lo), hi);
const sum = (...x: number[]) => x.reduce((a, b) => a + b, 0);

/** A broadcasting operator; `neutral` = the operand, at these inputs, that it does nothing with. */
const combined = (f: (...x: number[]) => number, neutral?: number, ...at: readonly number[]) => ({
  ...plain,
  fold: { each: () => f, operand: neutral === undefined ? {} : { neutral: { value: neutral, at } } },
});

export const elementwiseShrinking: ShrinkRules<"elementwise"> = {
  Abs: each(Math.abs),
  Acos: each(Math.acos),
  Acosh: each(Math.acosh),
  Asin: each(Math.asin),
  Asinh: each(Math.asinh),
  Atan: each(Math.atan),
  Atanh: each(Math.atanh),
  Ceil: jumps,
  Cos: each(Math.cos),
  Cosh: each(Math.cosh),
  Erf: zeroOnly,
  Exp: each(Math.exp),
  Floor: jumps,
  HardSwish: each((x) => x * clamp(x / 6 + 0.5, 0, 1)),
  Identity: same,
  Log: each(Math.log),
  Mish: each((x) => x * Math.tanh(softplus(x))),
  Neg: each((x) => -x),
  Not: jumps,
  Reciprocal: each((x) => 1 / x),
  Relu: each((x) => Math.max(x, 0)),
  Round: jumps,
  Sigmoid: each(sigmoid),
  Sign: jumps,
  Sin: each(Math.sin),
  Sinh: each(Math.sinh),
  Softplus: each(softplus),
  Softsign: each((x) => x / (1 + Math.abs(x))),
  Sqrt: each(Math.sqrt),
  Tan: zeroOnly,
  Tanh: each(Math.tanh),
  Celu: {
    ...plain,
    fold: {
      each:
        ({ alpha }) =>
        (x) =>
          x < 0 ? alpha * Math.expm1(x / alpha) : x,
    },
  },
  Elu: {
    ...plain,
    fold: {
      each:
        ({ alpha }) =>
        (x) =>
          x < 0 ? alpha * Math.expm1(x) : x,
    },
  },
  HardSigmoid: {
    ...plain,
    fold: {
      each:
        ({ alpha, beta }) =>
        (x) =>
          clamp(alpha * x + beta, 0, 1),
    },
  },
  LeakyRelu: {
    ...plain,
    fold: {
      each:
        ({ alpha }) =>
        (x) =>
          x < 0 ? alpha * x : x,
    },
  },
  Selu: {
    ...plain,
    fold: {
      each:
        ({ alpha, gamma }) =>
        (x) =>
          gamma * (x < 0 ? alpha * Math.expm1(x) : x),
    },
  },
  ThresholdedRelu: jumps,
  Shrink: jumps,
  Clip: {
    ...plain,
    fold: {
      each:
        ({ min, max }) =>
        (x) =>
          clamp(x, min ?? -Infinity, max ?? Infinity),
    },
  },
  Gelu: zeroOnly,
  Cast: {
    ...plain,
    fold: {
      each:
        ({ to }) =>
        (x) =>
          to === "float32" || to === "float64" ? x : Number.NaN,
    },
  },
  Dropout: same,

  Add: {
    ...plain,
    fold: { each: () => (a, b) => a + b, operand: { neutral: { value: 0, at: [0, 1] }, adds: true } },
  },
  Div: combined((a, b) => a / b, 1, 1),
  Mod: jumps,
  Mul: combined((a, b) => (a === 0 || b === 0 ? 0 : a * b), 1, 0, 1),
  PRelu: each((x, slope) => (x < 0 ? x * slope : x)),
  Pow: combined((a, b) => (a > 0 || a === 0 ? a ** b : Number.NaN)),
  Sub: combined((a, b) => a - b, 0, 1),
  Max: combined(Math.max),
  Mean: combined((...x) => sum(...x) / x.length),
  Min: combined(Math.min),
  Sum: combined(sum, 0, 0, 1),

  And: jumps,
  Equal: jumps,
  Greater: jumps,
  GreaterOrEqual: jumps,
  IsInf: jumps,
  IsNaN: jumps,
  Less: jumps,
  LessOrEqual: jumps,
  Or: jumps,
  Xor: jumps,
  Where: opaque("depends on a condition"),
};
