/** Pooling as ONNX spells it. Made by test/fixtures/signatures/make.py from onnx 1.23.1. */
import type { FormsOf } from "./forms-of.ts";

export const poolingForms: FormsOf<"pooling"> = {
  AveragePool: [
    [7, "T -> T", { T: "float" }, "auto_pad:string count_include_pad:int kernel_shape!:ints pads:ints strides:ints"],
    [
      10,
      "T -> T",
      { T: "float" },
      "auto_pad:string ceil_mode:int count_include_pad:int kernel_shape!:ints pads:ints strides:ints",
    ],
    [
      19,
      "T -> T",
      { T: "float" },
      "auto_pad:string ceil_mode:int count_include_pad:int dilations:ints kernel_shape!:ints pads:ints strides:ints",
    ],
    [
      22,
      "T -> T",
      { T: "float bfloat16" },
      "auto_pad:string ceil_mode:int count_include_pad:int dilations:ints kernel_shape!:ints pads:ints strides:ints",
    ],
  ],
  Col2Im: [[18, "T int64 int64 -> T", { T: "float int uint bfloat16 bool" }, "dilations:ints pads:ints strides:ints"]],
  GlobalAveragePool: [
    [1, "T -> T", { T: "float" }],
    [22, "T -> T", { T: "float bfloat16" }],
  ],
  GlobalLpPool: [
    [2, "T -> T", { T: "float" }, "p:int"],
    [22, "T -> T", { T: "float bfloat16" }, "p:int"],
  ],
  GlobalMaxPool: [
    [1, "T -> T", { T: "float" }],
    [22, "T -> T", { T: "float bfloat16" }],
  ],
  LpPool: [
    [2, "T -> T", { T: "float" }, "auto_pad:string kernel_shape!:ints p:int pads:ints strides:ints"],
    [
      18,
      "T -> T",
      { T: "float" },
      "auto_pad:string ceil_mode:int dilations:ints kernel_shape!:ints p:int pads:ints strides:ints",
    ],
    [
      22,
      "T -> T",
      { T: "float bfloat16" },
      "auto_pad:string ceil_mode:int dilations:ints kernel_shape!:ints p:int pads:ints strides:ints",
    ],
  ],
  MaxPool: [
    [
      8,
      "T -> T I?",
      { T: "float", I: "int64" },
      "auto_pad:string kernel_shape!:ints pads:ints storage_order:int strides:ints",
    ],
    [
      10,
      "T -> T I?",
      { T: "float", I: "int64" },
      "auto_pad:string ceil_mode:int dilations:ints kernel_shape!:ints pads:ints storage_order:int strides:ints",
    ],
    [
      12,
      "T -> T I?",
      { T: "float int8 uint8", I: "int64" },
      "auto_pad:string ceil_mode:int dilations:ints kernel_shape!:ints pads:ints storage_order:int strides:ints",
    ],
    [
      22,
      "T -> T I?",
      { T: "float bfloat16 int8 uint8", I: "int64" },
      "auto_pad:string ceil_mode:int dilations:ints kernel_shape!:ints pads:ints storage_order:int strides:ints",
    ],
  ],
};
