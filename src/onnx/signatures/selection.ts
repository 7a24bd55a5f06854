/** Selection as ONNX spells it. Made by test/fixtures/signatures/make.py from onnx 1.23.1. */
import type { FormsOf } from "./notation.ts";

export const selectionForms: FormsOf<"selection"> = {
  GatherND: "11 T int64 -> T | T some; 12 | | batch_dims:int; 13 | T all",
  Range: "11 T T T -> T | T float32 float64 int16 int32 int64",
  Trilu: "14 T int64? -> T | T all | upper:int",
};
