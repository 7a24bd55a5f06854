/** Linear as ONNX spells it. Made by test/fixtures/signatures/make.py from onnx 1.23.1. */
import type { FormsOf } from "./notation.ts";

export const linearForms: FormsOf<"linear"> = {
  Gemm: "9 T T T -> T | T float wide | alpha:float beta:float transA:int transB:int; 11 T T T? -> T; 13 | T floats wide",
  MatMul: "9 T T -> T | T float wide; 13 | T floats wide",
};
