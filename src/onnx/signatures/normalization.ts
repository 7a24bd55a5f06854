/** Normalization as ONNX spells it. Made by test/fixtures/signatures/make.py from onnx 1.23.1. */
import type { FormsOf } from "./forms-of.ts";

export const normalizationForms: FormsOf<"normalization"> = {
  BatchNormalization: [
    [9, "T T T T T -> T T? T? T? T?", { T: "float" }, "epsilon:float momentum:float"],
    [
      14,
      "T T T U U -> T U? U?",
      { T: "float bfloat16", U: "float bfloat16" },
      "epsilon:float momentum:float training_mode:int",
    ],
    [
      15,
      "T T1 T1 T2 T2 -> T T2? T2?",
      { T: "float bfloat16", T1: "float bfloat16", T2: "float bfloat16" },
      "epsilon:float momentum:float training_mode:int",
    ],
  ],
  InstanceNormalization: [
    [6, "T T T -> T", { T: "float" }, "epsilon:float"],
    [22, "T T T -> T", { T: "float bfloat16" }, "epsilon:float"],
  ],
  LayerNormalization: [
    [17, "T T T? -> T U? U?", { T: "float bfloat16", U: "float32 bfloat16" }, "axis:int epsilon:float stash_type:int"],
  ],
};
