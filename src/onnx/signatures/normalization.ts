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
  GroupNormalization: [
    [18, "T T T -> T", { T: "float bfloat16" }, "epsilon:float num_groups!:int"],
    [21, "T T T -> T", { T: "float bfloat16" }, "epsilon:float num_groups!:int stash_type:int"],
  ],
  InstanceNormalization: [
    [6, "T T T -> T", { T: "float" }, "epsilon:float"],
    [22, "T T T -> T", { T: "float bfloat16" }, "epsilon:float"],
  ],
  LRN: [
    [1, "T -> T", { T: "float" }, "alpha:float beta:float bias:float size!:int"],
    [13, "T -> T", { T: "float bfloat16" }, "alpha:float beta:float bias:float size!:int"],
  ],
  LayerNormalization: [
    [17, "T T T? -> T U? U?", { T: "float bfloat16", U: "float32 bfloat16" }, "axis:int epsilon:float stash_type:int"],
  ],
  LpNormalization: [
    [1, "T -> T", { T: "float" }, "axis:int p:int"],
    [22, "T -> T", { T: "float bfloat16" }, "axis:int p:int"],
  ],
  MeanVarianceNormalization: [
    [9, "T -> T", { T: "float" }, "axes:ints"],
    [13, "T -> T", { T: "float bfloat16" }, "axes:ints"],
  ],
  RMSNormalization: [
    [23, "T V -> V", { T: "float bfloat16", V: "float bfloat16" }, "axis:int epsilon:float stash_type:int"],
  ],
};
