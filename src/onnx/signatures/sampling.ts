/** Sampling as ONNX spells it. Made by test/fixtures/signatures/make.py from onnx 1.23.1. */
import type { FormsOf } from "./notation.ts";

export const samplingForms: FormsOf<"sampling"> = {
  GridSample:
    "16 T1 T2 -> T1 | T1 some, T2 float | align_corners:int mode:string padding_mode:string; 22 | T1 all, T2 floats",
  Resize:
    "9 T float32 -> T | T some | mode:string; 11 T1 T2 float32 int64? -> T1 | T1 some, T2 float | + coordinate_transformation_mode:string cubic_coeff_a:float exclude_outside:int extrapolation_value:float nearest_mode:string; 13 T1 T2? float32? int64? -> T1 | T1 all, T2 float; 18 | | + antialias:int axes:ints keep_aspect_ratio_policy:string",
};
