/** Movement as ONNX spells it. Made by test/fixtures/signatures/make.py from onnx 1.23.1. */
import type { FormsOf } from "./notation.ts";

export const movementForms: FormsOf<"movement"> = {
  Concat: "4 T* -> T | T some | axis!:int; 13 | T all",
  Constant:
    "9 -> T | T some | value!:tensor; 11 | | sparse_value:opaque value:tensor; 12 | | + value_float:float value_floats:floats value_int:int value_ints:ints value_string:string value_strings:strings; 13 | T all",
  ConstantOfShape: "9 T1 -> T2 | T1 int64, T2 some | value:tensor; 20 | T1 int64, T2 all",
  DepthToSpace: "1 T -> T | T some | blocksize!:int; 11 | | + mode:string; 13 | T all",
  Expand: "8 T int64 -> T | T some; 13 | T all",
  Flatten: "9 T -> T | T some | axis:int; 13 | T all",
  Gather: "1 T Tind -> T | T some, Tind int32 int64 | axis:int; 13 | T all, Tind int32 int64",
  GatherElements: "11 T Tind -> T | T some, Tind int32 int64 | axis:int; 13 | T all, Tind int32 int64",
  OneHot: "9 T1 T2 T3 -> T3 | T1 number, T2 number, T3 some | axis:int",
  Pad: "2 T -> T | T float | mode:string pads!:ints value:float; 11 T int64 T? -> T | T number | mode:string; 13 | T all; 18 T int64 T? Tind? -> T | T all, Tind int32 int64",
  Reshape: "5 T int64 -> T | T some; 13 | T all; 14 | | allowzero:int",
  ScatterElements:
    "11 T Tind T -> T | T some, Tind int32 int64 | axis:int; 13 | T all, Tind int32 int64; 16 | | + reduction:string",
  ScatterND: "11 T int64 T -> T | T some; 13 | T all; 16 | | reduction:string",
  Shape: "1 T -> T1 | T some, T1 int64; 13 | T all, T1 int64; 15 | | end:int start:int",
  Size: "1 T -> T1 | T some, T1 int64; 13 | T all, T1 int64",
  Slice:
    "1 T -> T | T some | axes:ints ends!:ints starts!:ints; 10 T Tind Tind Tind? Tind? -> T | T some, Tind int32 int64 | -; 13 | T all, Tind int32 int64",
  SpaceToDepth: "1 T -> T | T some | blocksize!:int; 13 | T all",
  Split: "2 T -> T* | T some | axis:int split:ints; 13 T int64? -> T* | T all | axis:int; 18 | | + num_outputs:int",
  Squeeze: "1 T -> T | T some | axes:ints; 13 T int64? -> T | T all | -",
  Tile: "6 T T1 -> T | T some, T1 int64; 13 | T all, T1 int64",
  Transpose: "1 T -> T | T some | perm:ints; 13 | T all",
  Unsqueeze: "1 T -> T | T some | axes!:ints; 13 T int64 -> T | T all | -",
};
