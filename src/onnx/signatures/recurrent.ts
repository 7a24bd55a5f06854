/** Recurrent as ONNX spells it. Made by test/fixtures/signatures/make.py from onnx 1.23.1. */
import type { FormsOf } from "./notation.ts";

export const recurrentForms: FormsOf<"recurrent"> = {
  GRU: "7 T T T T? T1? T? -> T? T? | T float, T1 int32 | activation_alpha:floats activation_beta:floats activations:strings clip:float direction:string hidden_size:int linear_before_reset:int; 14 | | + layout:int; 22 | T floats, T1 int32",
  LSTM: "7 T T T T? T1? T? T? T? -> T? T? T? | T float, T1 int32 | activation_alpha:floats activation_beta:floats activations:strings clip:float direction:string hidden_size:int input_forget:int; 14 | | + layout:int; 22 | T floats, T1 int32",
  RNN: "7 T T T T? T1? T? -> T? T? | T float, T1 int32 | activation_alpha:floats activation_beta:floats activations:strings clip:float direction:string hidden_size:int; 14 | | + layout:int; 22 | T floats, T1 int32",
};
