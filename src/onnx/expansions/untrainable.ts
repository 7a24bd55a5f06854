/** Operators of ONNX Runtime that are refused, and why: they hold weights that cannot be trained as they are. */
export const untrainable: Readonly<Record<string, string>> = {
  DynamicQuantizeMatMul: "computes with quantized weights",
  GatherBlockQuantized: "looks up quantized rows",
  MatMulBnb4: "computes with weights of 4 bits",
  MatMulFpQ4: "computes with weights of 4 bits",
  MatMulInteger16: "computes with quantized weights",
  MatMulIntegerToFloat: "computes with quantized weights",
  MatMulNBits: "computes with weights of few bits",
  QAttention: "computes with quantized weights",
  QEmbedLayerNormalization: "looks up quantized rows",
  QGemm: "computes with quantized weights",
  QLinearAdd: "computes with quantized values",
  QLinearConcat: "moves quantized values",
  QLinearConv: "computes with quantized weights",
  QLinearGlobalAveragePool: "computes with quantized values",
  QMoE: "computes with quantized weights",
};

/** Operators of ONNX Runtime that are refused since they generate: they keep what came before in a cache. */
export const generating: Readonly<Record<string, string>> = {
  DecoderMaskedMultiHeadAttention: "attends to a cache of the tokens before",
  DecoderMaskedSelfAttention: "attends to a cache of the tokens before",
  PagedAttention: "attends to a cache of the tokens before",
  SparseAttention: "attends to a cache of the tokens before",
};
