/** Elementwise as ONNX spells it. Made by test/fixtures/signatures/make.py from onnx 1.23.1. */
import type { FormsOf } from "./forms-of.ts";

export const elementwiseForms: FormsOf<"elementwise"> = {
  Abs: [
    [6, "T -> T", { T: "float int uint" }],
    [13, "T -> T", { T: "float int uint bfloat16" }],
  ],
  Acos: [
    [7, "T -> T", { T: "float" }],
    [22, "T -> T", { T: "float bfloat16" }],
  ],
  Acosh: [
    [9, "T -> T", { T: "float" }],
    [22, "T -> T", { T: "float bfloat16" }],
  ],
  Add: [
    [7, "T T -> T", { T: "float wide" }],
    [13, "T T -> T", { T: "float wide bfloat16" }],
    [14, "T T -> T", { T: "float int uint bfloat16" }],
  ],
  And: [[7, "T T -> T1", { T: "bool", T1: "bool" }]],
  Asin: [
    [7, "T -> T", { T: "float" }],
    [22, "T -> T", { T: "float bfloat16" }],
  ],
  Asinh: [
    [9, "T -> T", { T: "float" }],
    [22, "T -> T", { T: "float bfloat16" }],
  ],
  Atan: [
    [7, "T -> T", { T: "float" }],
    [22, "T -> T", { T: "float bfloat16" }],
  ],
  Atanh: [
    [9, "T -> T", { T: "float" }],
    [22, "T -> T", { T: "float bfloat16" }],
  ],
  Cast: [
    [9, "T1 -> T2", { T1: "float int uint bool", T2: "float int uint bool" }, "to!:int"],
    [13, "T1 -> T2", { T1: "float int uint bfloat16 bool", T2: "float int uint bfloat16 bool" }, "to!:int"],
    [
      19,
      "T1 -> T2",
      { T1: "float int uint bfloat16 bool", T2: "float int uint bfloat16 bool" },
      "saturate:int to!:int",
    ],
    [
      24,
      "T1 -> T2",
      { T1: "float int uint bfloat16 bool", T2: "float int uint bfloat16 bool" },
      "round_mode:string saturate:int to!:int",
    ],
  ],
  Ceil: [
    [6, "T -> T", { T: "float" }],
    [13, "T -> T", { T: "float bfloat16" }],
  ],
  Celu: [[12, "T -> T", { T: "float32" }, "alpha:float"]],
  Clip: [
    [6, "T -> T", { T: "float" }, "max:float min:float"],
    [11, "T T? T? -> T", { T: "float" }],
    [12, "T T? T? -> T", { T: "float int uint" }],
    [13, "T T? T? -> T", { T: "float int uint bfloat16" }],
  ],
  Cos: [
    [7, "T -> T", { T: "float" }],
    [22, "T -> T", { T: "float bfloat16" }],
  ],
  Cosh: [
    [9, "T -> T", { T: "float" }],
    [22, "T -> T", { T: "float bfloat16" }],
  ],
  Div: [
    [7, "T T -> T", { T: "float wide" }],
    [13, "T T -> T", { T: "float wide bfloat16" }],
    [14, "T T -> T", { T: "float int uint bfloat16" }],
  ],
  Dropout: [
    [7, "T -> T T?", { T: "float" }, "ratio:float"],
    [10, "T -> T T1?", { T: "float", T1: "bool" }, "ratio:float"],
    [12, "T T1? T2? -> T T2?", { T: "float", T1: "float", T2: "bool" }, "seed:int"],
    [13, "T T1? T2? -> T T2?", { T: "float bfloat16", T1: "float", T2: "bool" }, "seed:int"],
    [22, "T T1? T2? -> T T2?", { T: "float bfloat16", T1: "float bfloat16", T2: "bool" }, "seed:int"],
  ],
  Elu: [
    [6, "T -> T", { T: "float" }, "alpha:float"],
    [22, "T -> T", { T: "float bfloat16" }, "alpha:float"],
  ],
  Equal: [
    [7, "T T -> T1", { T: "int32 int64 bool", T1: "bool" }],
    [11, "T T -> T1", { T: "float int uint bool", T1: "bool" }],
    [13, "T T -> T1", { T: "float int uint bfloat16 bool", T1: "bool" }],
  ],
  Erf: [
    [9, "T -> T", { T: "float int uint" }],
    [13, "T -> T", { T: "float bfloat16" }],
  ],
  Exp: [
    [6, "T -> T", { T: "float" }],
    [13, "T -> T", { T: "float bfloat16" }],
  ],
  Floor: [
    [6, "T -> T", { T: "float" }],
    [13, "T -> T", { T: "float bfloat16" }],
  ],
  Gelu: [[20, "T -> T", { T: "float bfloat16" }, "approximate:string"]],
  Greater: [
    [9, "T T -> T1", { T: "float int uint", T1: "bool" }],
    [13, "T T -> T1", { T: "float int uint bfloat16", T1: "bool" }],
  ],
  GreaterOrEqual: [
    [12, "T T -> T1", { T: "float int uint", T1: "bool" }],
    [16, "T T -> T1", { T: "float int uint bfloat16", T1: "bool" }],
  ],
  HardSigmoid: [
    [6, "T -> T", { T: "float" }, "alpha:float beta:float"],
    [22, "T -> T", { T: "float bfloat16" }, "alpha:float beta:float"],
  ],
  HardSwish: [
    [14, "T -> T", { T: "float" }],
    [22, "T -> T", { T: "float bfloat16" }],
  ],
  Identity: [
    [1, "T -> T", { T: "float int uint bool" }],
    [13, "T -> T", { T: "float int uint bfloat16 bool" }],
    [14, "V -> V", { V: "float int uint bfloat16 bool" }],
  ],
  IsInf: [
    [10, "T1 -> T2", { T1: "float32 float64", T2: "bool" }, "detect_negative:int detect_positive:int"],
    [20, "T1 -> T2", { T1: "float bfloat16", T2: "bool" }, "detect_negative:int detect_positive:int"],
  ],
  IsNaN: [
    [9, "T1 -> T2", { T1: "float", T2: "bool" }],
    [13, "T1 -> T2", { T1: "float bfloat16", T2: "bool" }],
  ],
  LeakyRelu: [
    [6, "T -> T", { T: "float" }, "alpha:float"],
    [16, "T -> T", { T: "float bfloat16" }, "alpha:float"],
  ],
  Less: [
    [9, "T T -> T1", { T: "float int uint", T1: "bool" }],
    [13, "T T -> T1", { T: "float int uint bfloat16", T1: "bool" }],
  ],
  LessOrEqual: [
    [12, "T T -> T1", { T: "float int uint", T1: "bool" }],
    [16, "T T -> T1", { T: "float int uint bfloat16", T1: "bool" }],
  ],
  Log: [
    [6, "T -> T", { T: "float" }],
    [13, "T -> T", { T: "float bfloat16" }],
  ],
  Max: [
    [8, "T* -> T", { T: "float" }],
    [12, "T* -> T", { T: "float int uint" }],
    [13, "T* -> T", { T: "float int uint bfloat16" }],
  ],
  Mean: [
    [8, "T* -> T", { T: "float" }],
    [13, "T* -> T", { T: "float bfloat16" }],
  ],
  Min: [
    [8, "T* -> T", { T: "float" }],
    [12, "T* -> T", { T: "float int uint" }],
    [13, "T* -> T", { T: "float int uint bfloat16" }],
  ],
  Mish: [
    [18, "T -> T", { T: "float" }],
    [22, "T -> T", { T: "float bfloat16" }],
  ],
  Mod: [
    [10, "T T -> T", { T: "float int uint" }, "fmod:int"],
    [13, "T T -> T", { T: "float int uint bfloat16" }, "fmod:int"],
  ],
  Mul: [
    [7, "T T -> T", { T: "float wide" }],
    [13, "T T -> T", { T: "float wide bfloat16" }],
    [14, "T T -> T", { T: "float int uint bfloat16" }],
  ],
  Neg: [
    [6, "T -> T", { T: "float int" }],
    [13, "T -> T", { T: "float int bfloat16" }],
  ],
  Not: [[1, "T -> T", { T: "bool" }]],
  Or: [[7, "T T -> T1", { T: "bool", T1: "bool" }]],
  PRelu: [
    [9, "T T -> T", { T: "float wide" }],
    [16, "T T -> T", { T: "float wide bfloat16" }],
  ],
  Pow: [
    [7, "T T -> T", { T: "float" }],
    [12, "T T1 -> T", { T: "float int32 int64", T1: "float int uint" }],
    [13, "T T1 -> T", { T: "float bfloat16 int32 int64", T1: "float int uint" }],
    [15, "T T1 -> T", { T: "float bfloat16 int32 int64", T1: "float int uint bfloat16" }],
  ],
  Reciprocal: [
    [6, "T -> T", { T: "float" }],
    [13, "T -> T", { T: "float bfloat16" }],
  ],
  Relu: [
    [6, "T -> T", { T: "float" }],
    [13, "T -> T", { T: "float bfloat16" }],
    [14, "T -> T", { T: "float int bfloat16" }],
  ],
  Round: [
    [11, "T -> T", { T: "float" }],
    [22, "T -> T", { T: "float bfloat16" }],
  ],
  Selu: [
    [6, "T -> T", { T: "float" }, "alpha:float gamma:float"],
    [22, "T -> T", { T: "float bfloat16" }, "alpha:float gamma:float"],
  ],
  Shrink: [[9, "T -> T", { T: "float int uint" }, "bias:float lambd:float"]],
  Sigmoid: [
    [6, "T -> T", { T: "float" }],
    [13, "T -> T", { T: "float bfloat16" }],
  ],
  Sign: [
    [9, "T -> T", { T: "float int uint" }],
    [13, "T -> T", { T: "float int uint bfloat16" }],
  ],
  Sin: [
    [7, "T -> T", { T: "float" }],
    [22, "T -> T", { T: "float bfloat16" }],
  ],
  Sinh: [
    [9, "T -> T", { T: "float" }],
    [22, "T -> T", { T: "float bfloat16" }],
  ],
  Softplus: [
    [1, "T -> T", { T: "float" }],
    [22, "T -> T", { T: "float bfloat16" }],
  ],
  Softsign: [
    [1, "T -> T", { T: "float" }],
    [22, "T -> T", { T: "float bfloat16" }],
  ],
  Sqrt: [
    [6, "T -> T", { T: "float" }],
    [13, "T -> T", { T: "float bfloat16" }],
  ],
  Sub: [
    [7, "T T -> T", { T: "float wide" }],
    [13, "T T -> T", { T: "float wide bfloat16" }],
    [14, "T T -> T", { T: "float int uint bfloat16" }],
  ],
  Sum: [
    [8, "T* -> T", { T: "float" }],
    [13, "T* -> T", { T: "float bfloat16" }],
  ],
  Tan: [
    [7, "T -> T", { T: "float" }],
    [22, "T -> T", { T: "float bfloat16" }],
  ],
  Tanh: [
    [6, "T -> T", { T: "float" }],
    [13, "T -> T", { T: "float bfloat16" }],
  ],
  ThresholdedRelu: [
    [10, "T -> T", { T: "float" }, "alpha:float"],
    [22, "T -> T", { T: "float bfloat16" }, "alpha:float"],
  ],
  Where: [
    [9, "B T T -> T", { B: "bool", T: "float int uint bool" }],
    [16, "B T T -> T", { B: "bool", T: "float int uint bfloat16 bool" }],
  ],
  Xor: [[7, "T T -> T1", { T: "bool", T1: "bool" }]],
};
