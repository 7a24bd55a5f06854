/** Operators of ONNX that came after opset 26, with the opset that brought them. Made by test/fixtures/signatures/make.py. */
export const newerOperators: Readonly<Record<string, number>> = {
  CausalConvWithState: 27,
  LinearAttention: 27,
  SwiGLU: 28,
};
