/** Elementwise operators. */
import { neverKnown, perElement } from "../per-element.ts";
import type { ProofRules } from "./rule.ts";

const exactly = (f: (...x: number[]) => number) => perElement<unknown>(() => f, { rounding: "none" });
const rounded = (f: (...x: number[]) => number) => perElement<unknown>(() => f, { rounding: "once" });
const about = (f: (x: number) => number, slope?: number) => perElement<unknown>(() => f as () => number, { slope });
/** Only that zero stays zero. */
const zeroStays = exactly((x) => (x === 0 ? 0 : Number.NaN));

/** log(1 + eˣ), with no overflow on the way. */
const softplus = (x: number) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
const between = (x: number, lo: number, hi: number) => Math.min(Math.max(x, lo), hi);

const always = (x: number) => () => x;
const second = (x: number) => (k: number) => (k === 1 ? x : undefined);

/** Zero times whatever finite number is zero. What multiplies a zero does not matter, unless it is zero itself. */
const Mul = perElement<unknown>(() => (a, b) => (a === 0 || b === 0 ? 0 : a * b), {
  rounding: "once",
  ignores: (k, zero) => zero(1 - k) && !zero(k),
});

export const elementwiseProofs: ProofRules<"elementwise"> = {
  Identity: { ...exactly((x) => x), permutes: ({ inputs }) => inputs[0]!.shape.map((_, axis) => axis) },
  Dropout: exactly((x) => x),
  Abs: exactly(Math.abs),
  Neg: exactly((x) => -x),
  Relu: exactly((x) => Math.max(x, 0)),
  Clip: perElement(
    ({ min = -Infinity, max = Infinity }) =>
      (x) =>
        between(x, min, max),
    { rounding: "once" },
  ),
  LeakyRelu: perElement(
    ({ alpha }) =>
      (x) =>
        x < 0 ? alpha * x : x,
  ),
  PRelu: perElement(() => (x, slope) => (x < 0 ? x * slope : x), { rounding: "once" }),

  Sqrt: rounded(Math.sqrt),
  Reciprocal: rounded((x) => 1 / x),
  Cos: about(Math.cos, 1),
  Sin: about(Math.sin, 1),
  Exp: about(Math.exp),
  Log: about(Math.log),
  Tanh: about(Math.tanh),
  Sigmoid: about((x) => 1 / (1 + Math.exp(-x))),
  Softplus: about(softplus),
  Softsign: about((x) => x / (1 + Math.abs(x))),
  Mish: about((x) => x * Math.tanh(softplus(x)), 1.1),
  HardSwish: perElement(() => (x) => (x * between(x + 3, 0, 6)) / 6, {
    slope: 1.5,
    magnitude: (_, [x]) => Math.abs(x),
  }),
  Elu: perElement(
    ({ alpha }) =>
      (x) =>
        x < 0 ? alpha * Math.expm1(x) : x,
  ),
  Celu: perElement(
    ({ alpha }) =>
      (x) =>
        x < 0 ? alpha * Math.expm1(x / alpha) : x,
  ),
  Selu: perElement(
    ({ alpha, gamma }) =>
      (x) =>
        gamma * (x < 0 ? alpha * Math.expm1(x) : x),
  ),
  HardSigmoid: perElement(
    ({ alpha, beta }) =>
      (x) =>
        between(alpha * x + beta, 0, 1),
    {
      magnitude: ({ alpha, beta }, [x]) => Math.abs(alpha * x) + Math.abs(beta),
    },
  ),
  Acos: about(Math.acos),
  Acosh: about(Math.acosh),
  Asin: about(Math.asin),
  Asinh: about(Math.asinh),
  Atan: about(Math.atan),
  Atanh: about(Math.atanh),
  // not monotone, but convex and even: between two numbers it is nowhere further off than at one of them
  Cosh: about(Math.cosh),
  Sinh: about(Math.sinh),
  Tan: zeroStays,
  Erf: zeroStays,
  Gelu: zeroStays,

  Add: { ...rounded((a, b) => a + b), neutral: always(0) },
  Sub: { ...rounded((a, b) => a - b), neutral: second(0) },
  Mul: { ...Mul, neutral: always(1) },
  Div: { ...rounded((a, b) => a / b), neutral: second(1) },
  Pow: perElement(() => (a, b) => (a >= 0 ? a ** b : Number.NaN)),
  Max: exactly(Math.max),
  Min: exactly(Math.min),
  Sum: perElement(
    () =>
      (...x) =>
        x.reduce((a, b) => a + b, 0),
    {
      magnitude: (_, x) => x.reduce((a, b) => a + Math.abs(b), 0),
      neutral: always(0),
    },
  ),
  Mean: perElement(
    () =>
      (...x) =>
        x.reduce((a, b) => a + b, 0) / x.length,
    {
      magnitude: (_, x) => x.reduce((a, b) => a + Math.abs(b), 0) / x.length,
    },
  ),

  Cast: perElement(
    ({ to }) =>
      (x) =>
        to === "float32" || to === "float64" ? x : Number.NaN,
    { rounding: "once" },
  ),

  // they jump: a number that is off by a rounding may fall on the other side
  Ceil: neverKnown,
  Floor: neverKnown,
  Round: neverKnown,
  Sign: neverKnown,
  ThresholdedRelu: neverKnown,
  Shrink: neverKnown,
  Mod: neverKnown,
  Not: neverKnown,
  And: neverKnown,
  Or: neverKnown,
  Xor: neverKnown,
  Equal: neverKnown,
  Greater: neverKnown,
  GreaterOrEqual: neverKnown,
  IsInf: neverKnown,
  IsNaN: neverKnown,
  Less: neverKnown,
  LessOrEqual: neverKnown,
  Where: neverKnown,
};
