/** Reduction as ONNX spells it. Made by test/fixtures/signatures/make.py from onnx 1.23.1. */
import type { FormsOf } from "./notation.ts";

const asArgMax = "1 T -> int64 | T number | axis:int keepdims:int; 12 | | + select_last_index:int; 13 | T numbers";
const asLogSoftmax = "1 T -> T | T float | axis:int; 13 | T floats";
const asReduceL1 =
  "1 T -> T | T float wide | axes:ints keepdims:int; 13 | T floats wide; 18 T int64? -> T | | keepdims:int noop_with_empty_axes:int";
const asReduceMax =
  "1 T -> T | T float wide | axes:ints keepdims:int; 12 | T float wide int8 uint8; 13 | T floats wide int8 uint8; 18 T int64? -> T | | keepdims:int noop_with_empty_axes:int; 20 | T floats wide int8 uint8 bool";

export const reductionForms: FormsOf<"reduction"> = {
  ArgMax: asArgMax,
  ArgMin: asArgMax,
  CumSum:
    "11 T T2 -> T | T wide float32 float64, T2 int32 int64 | exclusive:int reverse:int; 14 | T floats wide, T2 int32 int64",
  LogSoftmax: asLogSoftmax,
  ReduceL1: asReduceL1,
  ReduceL2: asReduceL1,
  ReduceLogSum: asReduceL1,
  ReduceLogSumExp: asReduceL1,
  ReduceMax: asReduceMax,
  ReduceMean: asReduceL1,
  ReduceMin: asReduceMax,
  ReduceProd: asReduceL1,
  ReduceSum:
    "1 T -> T | T float wide | axes:ints keepdims:int; 13 T int64? -> T | T floats wide | keepdims:int noop_with_empty_axes:int",
  ReduceSumSquare: asReduceL1,
  Softmax: asLogSoftmax,
  TopK: "1 T -> T I | T float, I int64 | axis:int k!:int; 10 T int64 -> T I | | axis:int; 11 | T number, I int64 | + largest:int sorted:int; 24 | T numbers, I int64",
};
