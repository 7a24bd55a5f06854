/** Sampling as ONNX spells it. Made by test/fixtures/signatures/make.py from onnx 1.23.1. */
import type { FormsOf } from "./forms-of.ts";

export const samplingForms: FormsOf<"sampling"> = {
  GridSample: [
    [
      16,
      "T1 T2 -> T1",
      { T1: "float int uint bool", T2: "float" },
      "align_corners:int mode:string padding_mode:string",
    ],
    [
      22,
      "T1 T2 -> T1",
      { T1: "float int uint bfloat16 bool", T2: "float bfloat16" },
      "align_corners:int mode:string padding_mode:string",
    ],
  ],
  Resize: [
    [9, "T float32 -> T", { T: "float int uint bool" }, "mode:string"],
    [
      11,
      "T1 T2 float32 int64? -> T1",
      { T1: "float int uint bool", T2: "float" },
      "coordinate_transformation_mode:string cubic_coeff_a:float exclude_outside:int extrapolation_value:float mode:string nearest_mode:string",
    ],
    [
      13,
      "T1 T2? float32? int64? -> T1",
      { T1: "float int uint bfloat16 bool", T2: "float" },
      "coordinate_transformation_mode:string cubic_coeff_a:float exclude_outside:int extrapolation_value:float mode:string nearest_mode:string",
    ],
    [
      18,
      "T1 T2? float32? int64? -> T1",
      { T1: "float int uint bfloat16 bool", T2: "float" },
      "antialias:int axes:ints coordinate_transformation_mode:string cubic_coeff_a:float exclude_outside:int extrapolation_value:float keep_aspect_ratio_policy:string mode:string nearest_mode:string",
    ],
  ],
};
