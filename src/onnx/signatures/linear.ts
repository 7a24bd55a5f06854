/** Linear as ONNX spells it. Made by test/fixtures/signatures/make.py from onnx 1.23.1. */
import type { FormsOf } from "./forms-of.ts";

export const linearForms: FormsOf<"linear"> = {
  Gemm: [
    [9, "T T T -> T", { T: "float wide" }, "alpha:float beta:float transA:int transB:int"],
    [11, "T T T? -> T", { T: "float wide" }, "alpha:float beta:float transA:int transB:int"],
    [13, "T T T? -> T", { T: "float wide bfloat16" }, "alpha:float beta:float transA:int transB:int"],
  ],
  MatMul: [
    [9, "T T -> T", { T: "float wide" }],
    [13, "T T -> T", { T: "float wide bfloat16" }],
  ],
};
