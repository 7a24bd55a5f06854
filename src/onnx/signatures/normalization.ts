/** Normalization as ONNX spells it. Made by test/fixtures/signatures/make.py from onnx 1.23.1. */
import type { FormsOf } from "./notation.ts";

export const normalizationForms: FormsOf<"normalization"> = {
  BatchNormalization:
    "9 T T T T T -> T T? T? T? T? | T float | epsilon:float momentum:float; 14 T T T U U -> T U? U? | T floats, U floats | + training_mode:int; 15 T T1 T1 T2 T2 -> T T2? T2? | T floats, T1 floats, T2 floats",
  GroupNormalization: "18 T T T -> T | T floats | epsilon:float num_groups!:int; 21 | | + stash_type:int",
  InstanceNormalization: "6 T T T -> T | T float | epsilon:float; 22 | T floats",
  LRN: "1 T -> T | T float | alpha:float beta:float bias:float size!:int; 13 | T floats",
  LayerNormalization: "17 T T T? -> T U? U? | T floats, U float32 bfloat16 | axis:int epsilon:float stash_type:int",
  LpNormalization: "1 T -> T | T float | axis:int p:int; 22 | T floats",
  MeanVarianceNormalization: "9 T -> T | T float | axes:ints; 13 | T floats",
  RMSNormalization: "23 T V -> V | T floats, V floats | axis:int epsilon:float stash_type:int",
};
