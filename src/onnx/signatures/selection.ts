/** Selection as ONNX spells it. Made by test/fixtures/signatures/make.py from onnx 1.23.1. */
import type { FormsOf } from "./forms-of.ts";

export const selectionForms: FormsOf<"selection"> = {
  GatherND: [
    [11, "T int64 -> T", { T: "float int uint bool" }],
    [12, "T int64 -> T", { T: "float int uint bool" }, "batch_dims:int"],
    [13, "T int64 -> T", { T: "float int uint bfloat16 bool" }, "batch_dims:int"],
  ],
  Range: [[11, "T T T -> T", { T: "float32 float64 int16 int32 int64" }]],
  Trilu: [[14, "T int64? -> T", { T: "float int uint bfloat16 bool" }, "upper:int"]],
};
