/** Elementwise as ONNX spells it. Made by test/fixtures/signatures/make.py from onnx 1.23.1. */
import type { FormsOf } from "./notation.ts";

const asAcos = "7 T -> T | T float; 22 | T floats";
const asAcosh = "9 T -> T | T float; 22 | T floats";
const asAdd = "7 T T -> T | T float wide; 13 | T floats wide; 14 | T numbers";
const asAnd = "7 T T -> T1 | T bool, T1 bool";
const asCeil = "6 T -> T | T float; 13 | T floats";
const asGreater = "9 T T -> T1 | T number, T1 bool; 13 | T numbers, T1 bool";
const asGreaterOrEqual = "12 T T -> T1 | T number, T1 bool; 16 | T numbers, T1 bool";
const asMax = "8 T* -> T | T float; 12 | T number; 13 | T numbers";
const asMean = "8 T* -> T | T float; 13 | T floats";
const asSoftplus = "1 T -> T | T float; 22 | T floats";

export const elementwiseForms: FormsOf<"elementwise"> = {
  Abs: "6 T -> T | T number; 13 | T numbers",
  Acos: asAcos,
  Acosh: asAcosh,
  Add: asAdd,
  And: asAnd,
  Asin: asAcos,
  Asinh: asAcosh,
  Atan: asAcos,
  Atanh: asAcosh,
  Cast: "9 T1 -> T2 | T1 some, T2 some | to!:int; 13 | T1 all, T2 all; 19 | | + saturate:int; 24 | | + round_mode:string",
  Ceil: asCeil,
  Celu: "12 T -> T | T float32 | alpha:float",
  Clip: "6 T -> T | T float | max:float min:float; 11 T T? T? -> T | | -; 12 | T number; 13 | T numbers",
  Cos: asAcos,
  Cosh: asAcosh,
  Div: asAdd,
  Dropout:
    "7 T -> T T? | T float | ratio:float; 10 T -> T T1? | T float, T1 bool; 12 T T1? T2? -> T T2? | T float, T1 float, T2 bool | seed:int; 13 | T floats, T1 float, T2 bool; 22 | T floats, T1 floats, T2 bool",
  Elu: "6 T -> T | T float | alpha:float; 22 | T floats",
  Equal: "7 T T -> T1 | T int32 int64 bool, T1 bool; 11 | T some, T1 bool; 13 | T all, T1 bool",
  Erf: "9 T -> T | T number; 13 | T floats",
  Exp: asCeil,
  Floor: asCeil,
  Gelu: "20 T -> T | T floats | approximate:string",
  Greater: asGreater,
  GreaterOrEqual: asGreaterOrEqual,
  HardSigmoid: "6 T -> T | T float | alpha:float beta:float; 22 | T floats",
  HardSwish: "14 T -> T | T float; 22 | T floats",
  Identity: "1 T -> T | T some; 13 | T all; 14 V -> V | V all",
  IsInf: "10 T1 -> T2 | T1 float32 float64, T2 bool | detect_negative:int detect_positive:int; 20 | T1 floats, T2 bool",
  IsNaN: "9 T1 -> T2 | T1 float, T2 bool; 13 | T1 floats, T2 bool",
  LeakyRelu: "6 T -> T | T float | alpha:float; 16 | T floats",
  Less: asGreater,
  LessOrEqual: asGreaterOrEqual,
  Log: asCeil,
  Max: asMax,
  Mean: asMean,
  Min: asMax,
  Mish: "18 T -> T | T float; 22 | T floats",
  Mod: "10 T T -> T | T number | fmod:int; 13 | T numbers",
  Mul: asAdd,
  Neg: "6 T -> T | T float int; 13 | T floats int",
  Not: "1 T -> T | T bool",
  Or: asAnd,
  PRelu: "9 T T -> T | T float wide; 16 | T floats wide",
  Pow: "7 T T -> T | T float; 12 T T1 -> T | T float int32 int64, T1 number; 13 | T floats int32 int64, T1 number; 15 | T floats int32 int64, T1 numbers",
  Reciprocal: asCeil,
  Relu: "6 T -> T | T float; 13 | T floats; 14 | T floats int",
  Round: "11 T -> T | T float; 22 | T floats",
  Selu: "6 T -> T | T float | alpha:float gamma:float; 22 | T floats",
  Shrink: "9 T -> T | T number | bias:float lambd:float",
  Sigmoid: asCeil,
  Sign: "9 T -> T | T number; 13 | T numbers",
  Sin: asAcos,
  Sinh: asAcosh,
  Softplus: asSoftplus,
  Softsign: asSoftplus,
  Sqrt: asCeil,
  Sub: asAdd,
  Sum: asMean,
  Tan: asAcos,
  Tanh: asCeil,
  ThresholdedRelu: "10 T -> T | T float | alpha:float; 22 | T floats",
  Where: "9 B T T -> T | B bool, T some; 16 | B bool, T all",
  Xor: asAnd,
};
