/** Convolution as ONNX spells it. Made by test/fixtures/signatures/make.py from onnx 1.23.1. */
import type { FormsOf } from "./notation.ts";

export const convolutionForms: FormsOf<"convolution"> = {
  Conv: "1 T T T? -> T | T float | auto_pad:string dilations:ints group:int kernel_shape:ints pads:ints strides:ints; 22 | T floats",
  ConvTranspose:
    "1 T T T? -> T | T float | auto_pad:string dilations:ints group:int kernel_shape:ints output_padding:ints output_shape:ints pads:ints strides:ints; 22 | T floats",
};
