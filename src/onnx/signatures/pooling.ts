/** Pooling as ONNX spells it. Made by test/fixtures/signatures/make.py from onnx 1.23.1. */
import type { FormsOf } from "./notation.ts";

const asGlobalAveragePool = "1 T -> T | T float; 22 | T floats";

export const poolingForms: FormsOf<"pooling"> = {
  AveragePool:
    "7 T -> T | T float | auto_pad:string count_include_pad:int kernel_shape!:ints pads:ints strides:ints; 10 | | + ceil_mode:int; 19 | | + dilations:ints; 22 | T floats",
  Col2Im: "18 T int64 int64 -> T | T all | dilations:ints pads:ints strides:ints",
  GlobalAveragePool: asGlobalAveragePool,
  GlobalLpPool: "2 T -> T | T float | p:int; 22 | T floats",
  GlobalMaxPool: asGlobalAveragePool,
  LpPool:
    "2 T -> T | T float | auto_pad:string kernel_shape!:ints p:int pads:ints strides:ints; 18 | | + ceil_mode:int dilations:ints; 22 | T floats",
  MaxPool:
    "8 T -> T I? | T float, I int64 | auto_pad:string kernel_shape!:ints pads:ints storage_order:int strides:ints; 10 | | + ceil_mode:int dilations:ints; 12 | T float int8 uint8, I int64; 22 | T floats int8 uint8, I int64",
};
