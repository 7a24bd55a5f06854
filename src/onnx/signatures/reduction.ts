/** Reduction as ONNX spells it. Made by test/fixtures/signatures/make.py from onnx 1.23.1. */
import type { FormsOf } from "./forms-of.ts";

export const reductionForms: FormsOf<"reduction"> = {
  ArgMax: [
    [1, "T -> int64", { T: "float int uint" }, "axis:int keepdims:int"],
    [12, "T -> int64", { T: "float int uint" }, "axis:int keepdims:int select_last_index:int"],
    [13, "T -> int64", { T: "float int uint bfloat16" }, "axis:int keepdims:int select_last_index:int"],
  ],
  ArgMin: [
    [1, "T -> int64", { T: "float int uint" }, "axis:int keepdims:int"],
    [12, "T -> int64", { T: "float int uint" }, "axis:int keepdims:int select_last_index:int"],
    [13, "T -> int64", { T: "float int uint bfloat16" }, "axis:int keepdims:int select_last_index:int"],
  ],
  CumSum: [
    [11, "T T2 -> T", { T: "wide float32 float64", T2: "int32 int64" }, "exclusive:int reverse:int"],
    [14, "T T2 -> T", { T: "float wide bfloat16", T2: "int32 int64" }, "exclusive:int reverse:int"],
  ],
  LogSoftmax: [
    [1, "T -> T", { T: "float" }, "axis:int"],
    [13, "T -> T", { T: "float bfloat16" }, "axis:int"],
  ],
  ReduceL1: [
    [1, "T -> T", { T: "float wide" }, "axes:ints keepdims:int"],
    [13, "T -> T", { T: "float wide bfloat16" }, "axes:ints keepdims:int"],
    [18, "T int64? -> T", { T: "float wide bfloat16" }, "keepdims:int noop_with_empty_axes:int"],
  ],
  ReduceL2: [
    [1, "T -> T", { T: "float wide" }, "axes:ints keepdims:int"],
    [13, "T -> T", { T: "float wide bfloat16" }, "axes:ints keepdims:int"],
    [18, "T int64? -> T", { T: "float wide bfloat16" }, "keepdims:int noop_with_empty_axes:int"],
  ],
  ReduceLogSum: [
    [1, "T -> T", { T: "float wide" }, "axes:ints keepdims:int"],
    [13, "T -> T", { T: "float wide bfloat16" }, "axes:ints keepdims:int"],
    [18, "T int64? -> T", { T: "float wide bfloat16" }, "keepdims:int noop_with_empty_axes:int"],
  ],
  ReduceLogSumExp: [
    [1, "T -> T", { T: "float wide" }, "axes:ints keepdims:int"],
    [13, "T -> T", { T: "float wide bfloat16" }, "axes:ints keepdims:int"],
    [18, "T int64? -> T", { T: "float wide bfloat16" }, "keepdims:int noop_with_empty_axes:int"],
  ],
  ReduceMax: [
    [1, "T -> T", { T: "float wide" }, "axes:ints keepdims:int"],
    [12, "T -> T", { T: "float wide int8 uint8" }, "axes:ints keepdims:int"],
    [13, "T -> T", { T: "float wide bfloat16 int8 uint8" }, "axes:ints keepdims:int"],
    [18, "T int64? -> T", { T: "float wide bfloat16 int8 uint8" }, "keepdims:int noop_with_empty_axes:int"],
    [20, "T int64? -> T", { T: "float wide bfloat16 int8 uint8 bool" }, "keepdims:int noop_with_empty_axes:int"],
  ],
  ReduceMean: [
    [1, "T -> T", { T: "float wide" }, "axes:ints keepdims:int"],
    [13, "T -> T", { T: "float wide bfloat16" }, "axes:ints keepdims:int"],
    [18, "T int64? -> T", { T: "float wide bfloat16" }, "keepdims:int noop_with_empty_axes:int"],
  ],
  ReduceMin: [
    [1, "T -> T", { T: "float wide" }, "axes:ints keepdims:int"],
    [12, "T -> T", { T: "float wide int8 uint8" }, "axes:ints keepdims:int"],
    [13, "T -> T", { T: "float wide bfloat16 int8 uint8" }, "axes:ints keepdims:int"],
    [18, "T int64? -> T", { T: "float wide bfloat16 int8 uint8" }, "keepdims:int noop_with_empty_axes:int"],
    [20, "T int64? -> T", { T: "float wide bfloat16 int8 uint8 bool" }, "keepdims:int noop_with_empty_axes:int"],
  ],
  ReduceProd: [
    [1, "T -> T", { T: "float wide" }, "axes:ints keepdims:int"],
    [13, "T -> T", { T: "float wide bfloat16" }, "axes:ints keepdims:int"],
    [18, "T int64? -> T", { T: "float wide bfloat16" }, "keepdims:int noop_with_empty_axes:int"],
  ],
  ReduceSum: [
    [1, "T -> T", { T: "float wide" }, "axes:ints keepdims:int"],
    [13, "T int64? -> T", { T: "float wide bfloat16" }, "keepdims:int noop_with_empty_axes:int"],
  ],
  ReduceSumSquare: [
    [1, "T -> T", { T: "float wide" }, "axes:ints keepdims:int"],
    [13, "T -> T", { T: "float wide bfloat16" }, "axes:ints keepdims:int"],
    [18, "T int64? -> T", { T: "float wide bfloat16" }, "keepdims:int noop_with_empty_axes:int"],
  ],
  Softmax: [
    [1, "T -> T", { T: "float" }, "axis:int"],
    [13, "T -> T", { T: "float bfloat16" }, "axis:int"],
  ],
  TopK: [
    [1, "T -> T I", { T: "float", I: "int64" }, "axis:int k!:int"],
    [10, "T int64 -> T I", { T: "float", I: "int64" }, "axis:int"],
    [11, "T int64 -> T I", { T: "float int uint", I: "int64" }, "axis:int largest:int sorted:int"],
    [24, "T int64 -> T I", { T: "float int uint bfloat16", I: "int64" }, "axis:int largest:int sorted:int"],
  ],
};
