/** Recurrent as ONNX spells it. Made by test/fixtures/signatures/make.py from onnx 1.23.1. */
import type { FormsOf } from "./forms-of.ts";

export const recurrentForms: FormsOf<"recurrent"> = {
  GRU: [
    [
      7,
      "T T T T? T1? T? -> T? T?",
      { T: "float", T1: "int32" },
      "activation_alpha:floats activation_beta:floats activations:strings clip:float direction:string hidden_size:int linear_before_reset:int",
    ],
    [
      14,
      "T T T T? T1? T? -> T? T?",
      { T: "float", T1: "int32" },
      "activation_alpha:floats activation_beta:floats activations:strings clip:float direction:string hidden_size:int layout:int linear_before_reset:int",
    ],
    [
      22,
      "T T T T? T1? T? -> T? T?",
      { T: "float bfloat16", T1: "int32" },
      "activation_alpha:floats activation_beta:floats activations:strings clip:float direction:string hidden_size:int layout:int linear_before_reset:int",
    ],
  ],
  LSTM: [
    [
      7,
      "T T T T? T1? T? T? T? -> T? T? T?",
      { T: "float", T1: "int32" },
      "activation_alpha:floats activation_beta:floats activations:strings clip:float direction:string hidden_size:int input_forget:int",
    ],
    [
      14,
      "T T T T? T1? T? T? T? -> T? T? T?",
      { T: "float", T1: "int32" },
      "activation_alpha:floats activation_beta:floats activations:strings clip:float direction:string hidden_size:int input_forget:int layout:int",
    ],
    [
      22,
      "T T T T? T1? T? T? T? -> T? T? T?",
      { T: "float bfloat16", T1: "int32" },
      "activation_alpha:floats activation_beta:floats activations:strings clip:float direction:string hidden_size:int input_forget:int layout:int",
    ],
  ],
  RNN: [
    [
      7,
      "T T T T? T1? T? -> T? T?",
      { T: "float", T1: "int32" },
      "activation_alpha:floats activation_beta:floats activations:strings clip:float direction:string hidden_size:int",
    ],
    [
      14,
      "T T T T? T1? T? -> T? T?",
      { T: "float", T1: "int32" },
      "activation_alpha:floats activation_beta:floats activations:strings clip:float direction:string hidden_size:int layout:int",
    ],
    [
      22,
      "T T T T? T1? T? -> T? T?",
      { T: "float bfloat16", T1: "int32" },
      "activation_alpha:floats activation_beta:floats activations:strings clip:float direction:string hidden_size:int layout:int",
    ],
  ],
};
