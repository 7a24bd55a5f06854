/** Movement as ONNX spells it. Made by test/fixtures/signatures/make.py from onnx 1.23.1. */
import type { FormsOf } from "./forms-of.ts";

export const movementForms: FormsOf<"movement"> = {
  Concat: [
    [4, "T* -> T", { T: "float int uint bool" }, "axis!:int"],
    [13, "T* -> T", { T: "float int uint bfloat16 bool" }, "axis!:int"],
  ],
  Constant: [
    [9, "-> T", { T: "float int uint bool" }, "value!:tensor"],
    [11, "-> T", { T: "float int uint bool" }, "sparse_value:opaque value:tensor"],
    [
      12,
      "-> T",
      { T: "float int uint bool" },
      "sparse_value:opaque value:tensor value_float:float value_floats:floats value_int:int value_ints:ints value_string:string value_strings:strings",
    ],
    [
      13,
      "-> T",
      { T: "float int uint bfloat16 bool" },
      "sparse_value:opaque value:tensor value_float:float value_floats:floats value_int:int value_ints:ints value_string:string value_strings:strings",
    ],
  ],
  ConstantOfShape: [
    [9, "T1 -> T2", { T1: "int64", T2: "float int uint bool" }, "value:tensor"],
    [20, "T1 -> T2", { T1: "int64", T2: "float int uint bfloat16 bool" }, "value:tensor"],
  ],
  DepthToSpace: [
    [1, "T -> T", { T: "float int uint bool" }, "blocksize!:int"],
    [11, "T -> T", { T: "float int uint bool" }, "blocksize!:int mode:string"],
    [13, "T -> T", { T: "float int uint bfloat16 bool" }, "blocksize!:int mode:string"],
  ],
  Expand: [
    [8, "T int64 -> T", { T: "float int uint bool" }],
    [13, "T int64 -> T", { T: "float int uint bfloat16 bool" }],
  ],
  Flatten: [
    [9, "T -> T", { T: "float int uint bool" }, "axis:int"],
    [13, "T -> T", { T: "float int uint bfloat16 bool" }, "axis:int"],
  ],
  Gather: [
    [1, "T Tind -> T", { T: "float int uint bool", Tind: "int32 int64" }, "axis:int"],
    [13, "T Tind -> T", { T: "float int uint bfloat16 bool", Tind: "int32 int64" }, "axis:int"],
  ],
  GatherElements: [
    [11, "T Tind -> T", { T: "float int uint bool", Tind: "int32 int64" }, "axis:int"],
    [13, "T Tind -> T", { T: "float int uint bfloat16 bool", Tind: "int32 int64" }, "axis:int"],
  ],
  OneHot: [
    [9, "T1 T2 T3 -> T3", { T1: "float int uint", T2: "float int uint", T3: "float int uint bool" }, "axis:int"],
  ],
  Pad: [
    [2, "T -> T", { T: "float" }, "mode:string pads!:ints value:float"],
    [11, "T int64 T? -> T", { T: "float int uint" }, "mode:string"],
    [13, "T int64 T? -> T", { T: "float int uint bfloat16 bool" }, "mode:string"],
    [18, "T int64 T? Tind? -> T", { T: "float int uint bfloat16 bool", Tind: "int32 int64" }, "mode:string"],
  ],
  Reshape: [
    [5, "T int64 -> T", { T: "float int uint bool" }],
    [13, "T int64 -> T", { T: "float int uint bfloat16 bool" }],
    [14, "T int64 -> T", { T: "float int uint bfloat16 bool" }, "allowzero:int"],
  ],
  ScatterElements: [
    [11, "T Tind T -> T", { T: "float int uint bool", Tind: "int32 int64" }, "axis:int"],
    [13, "T Tind T -> T", { T: "float int uint bfloat16 bool", Tind: "int32 int64" }, "axis:int"],
    [16, "T Tind T -> T", { T: "float int uint bfloat16 bool", Tind: "int32 int64" }, "axis:int reduction:string"],
  ],
  ScatterND: [
    [11, "T int64 T -> T", { T: "float int uint bool" }],
    [13, "T int64 T -> T", { T: "float int uint bfloat16 bool" }],
    [16, "T int64 T -> T", { T: "float int uint bfloat16 bool" }, "reduction:string"],
  ],
  Shape: [
    [1, "T -> T1", { T: "float int uint bool", T1: "int64" }],
    [13, "T -> T1", { T: "float int uint bfloat16 bool", T1: "int64" }],
    [15, "T -> T1", { T: "float int uint bfloat16 bool", T1: "int64" }, "end:int start:int"],
  ],
  Size: [
    [1, "T -> T1", { T: "float int uint bool", T1: "int64" }],
    [13, "T -> T1", { T: "float int uint bfloat16 bool", T1: "int64" }],
  ],
  Slice: [
    [1, "T -> T", { T: "float int uint bool" }, "axes:ints ends!:ints starts!:ints"],
    [10, "T Tind Tind Tind? Tind? -> T", { T: "float int uint bool", Tind: "int32 int64" }],
    [13, "T Tind Tind Tind? Tind? -> T", { T: "float int uint bfloat16 bool", Tind: "int32 int64" }],
  ],
  SpaceToDepth: [
    [1, "T -> T", { T: "float int uint bool" }, "blocksize!:int"],
    [13, "T -> T", { T: "float int uint bfloat16 bool" }, "blocksize!:int"],
  ],
  Split: [
    [2, "T -> T*", { T: "float int uint bool" }, "axis:int split:ints"],
    [13, "T int64? -> T*", { T: "float int uint bfloat16 bool" }, "axis:int"],
    [18, "T int64? -> T*", { T: "float int uint bfloat16 bool" }, "axis:int num_outputs:int"],
  ],
  Squeeze: [
    [1, "T -> T", { T: "float int uint bool" }, "axes:ints"],
    [13, "T int64? -> T", { T: "float int uint bfloat16 bool" }],
  ],
  Tile: [
    [6, "T T1 -> T", { T: "float int uint bool", T1: "int64" }],
    [13, "T T1 -> T", { T: "float int uint bfloat16 bool", T1: "int64" }],
  ],
  Transpose: [
    [1, "T -> T", { T: "float int uint bool" }, "perm:ints"],
    [13, "T -> T", { T: "float int uint bfloat16 bool" }, "perm:ints"],
  ],
  Unsqueeze: [
    [1, "T -> T", { T: "float int uint bool" }, "axes!:ints"],
    [13, "T int64 -> T", { T: "float int uint bfloat16 bool" }],
  ],
};
