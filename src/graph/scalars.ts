/** What ONNX's operators make of single numbers, for computations on shapes. Values are plain numbers, exact up to 2⁵³. */
import { fromBfloat16, fromFloat16, toBfloat16, toFloat16 } from "./half.ts";
import type { Attrs, DType } from "./types.ts";

type Scalar = (x: readonly number[], attrs: Attrs) => number;

const of1 =
  (f: (a: number) => number): Scalar =>
  ([a]) =>
    f(a);
const of2 =
  (f: (a: number, b: number) => number): Scalar =>
  ([a, b]) =>
    f(a, b);

export const scalarOps: Readonly<Record<string, Scalar>> = {
  Cast: of1((a) => a),
  Abs: of1(Math.abs),
  Ceil: of1(Math.ceil),
  Floor: of1(Math.floor),
  Neg: of1((a) => -a),
  Sqrt: of1(Math.sqrt),
  Not: of1((a) => Number(a === 0)),
  Add: of2((a, b) => a + b),
  Sub: of2((a, b) => a - b),
  Mul: of2((a, b) => a * b),
  Div: of2((a, b) => a / b),
  Pow: of2((a, b) => a ** b),
  Mod: ([a, b], { fmod }) => (fmod || a % b === 0 || Math.sign(a) === Math.sign(b) ? a % b : (a % b) + b),
  Max: (x) => Math.max(...x),
  Min: (x) => Math.min(...x),
  And: of2((a, b) => a & b),
  Or: of2((a, b) => a | b),
  Equal: of2((a, b) => Number(a === b)),
  Greater: of2((a, b) => Number(a > b)),
  GreaterOrEqual: of2((a, b) => Number(a >= b)),
  Less: of2((a, b) => Number(a < b)),
  LessOrEqual: of2((a, b) => Number(a <= b)),
  Where: ([c, a, b]) => (c ? a : b),
};

const isInteger = (dtype: DType) => dtype.includes("int");

/** What integers of a type reach to, as far as numbers are exact. */
function holds(dtype: DType, x: number): boolean {
  const bits = Number(dtype.match(/\d+$/)?.[0] ?? 0);
  const unsigned = dtype.startsWith("u");
  const most = 2 ** (unsigned ? bits : bits - 1) - 1;
  return Number.isSafeInteger(x) && x <= most && x >= (unsigned ? 0 : -most - 1);
}

/** A result in its type; NaN, which is no shape, where it would wrap around or no longer be exact. */
export function round(dtype: DType, x: number): number {
  if (dtype === "float32") return Math.fround(x);
  if (dtype === "float16") return fromFloat16(toFloat16(x));
  if (dtype === "bfloat16") return fromBfloat16(toBfloat16(x));
  if (dtype === "bool") return Number(x !== 0);
  if (!isInteger(dtype)) return x;
  return holds(dtype, Math.trunc(x)) ? Math.trunc(x) : Number.NaN;
}
