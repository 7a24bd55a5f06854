/** Operators beyond the table against ONNX Runtime's own kernels, and what is refused. */
import { describe, expect, test } from "vitest";
import {
  expansionError,
  fed,
  fedTensor,
  type OneNode,
  oneNodeFile,
  stored,
} from "../../../test/support/one-node-file.ts";
import { messageOf } from "../../../test/support/onnx-files.ts";
import { opOf } from "../../graph/ops/index.ts";
import { tensor } from "../../graph/tensor.ts";

const domain = "com.microsoft";
const microsoft = (c: OneNode): OneNode => ({ domain, ...c });

const tokens = (shape: number[], ...data: number[]) => fedTensor(tensor("int32", shape, Int32Array.from(data)));

const cases: Readonly<Record<string, OneNode>> = {
  Gelu: microsoft({ op: "Gelu", in: [fed(2, 3, 5)] }),
  "Gelu at opset 20": microsoft({ op: "Gelu", in: [fed(2, 5)], opset: 20 }),
  FastGelu: microsoft({ op: "FastGelu", in: [fed(2, 3, 5)] }),
  "FastGelu with a bias": microsoft({ op: "FastGelu", in: [fed(2, 3, 5), stored(5)], opset: 20 }),
  BiasGelu: microsoft({ op: "BiasGelu", in: [fed(2, 3, 5), stored(5)] }),
  QuickGelu: microsoft({ op: "QuickGelu", in: [fed(2, 3, 5)] }),
  "QuickGelu with alpha 1": microsoft({ op: "QuickGelu", in: [fed(2, 5)], attrs: [["alpha", "float", 1]] }),
  "LayerNormalization at opset 14": {
    op: "LayerNormalization",
    in: [fed(2, 3, 5), stored(5), stored(5)],
    attrs: [["epsilon", "float", 0.01]],
    opset: 14,
  },
  SimplifiedLayerNormalization: {
    op: "SimplifiedLayerNormalization",
    in: [fed(2, 3, 5), stored(3, 5)],
    attrs: [["axis", "int", 1]],
  },
  SkipLayerNormalization: microsoft({
    op: "SkipLayerNormalization",
    in: [fed(2, 3, 5), fed(2, 3, 5), stored(5), stored(5), stored(5)],
    outputs: [0, 3],
  }),
  "SkipLayerNormalization without shift and bias": microsoft({
    op: "SkipLayerNormalization",
    in: [fed(2, 3, 5), fed(2, 3, 5), stored(5)],
    attrs: [["epsilon", "float", 0.1]],
    opset: 14,
  }),
  "SkipLayerNormalization with positions": microsoft({
    op: "SkipLayerNormalization",
    in: [fed(2, 3, 5), stored(3, 5), stored(5), stored(5)],
  }),
  SkipSimplifiedLayerNormalization: microsoft({
    op: "SkipSimplifiedLayerNormalization",
    in: [fed(2, 3, 5), fed(2, 3, 5), stored(5), stored(5)],
    outputs: [0, 3],
  }),
  EmbedLayerNormalization: microsoft({
    op: "EmbedLayerNormalization",
    in: [
      tokens([2, 3], 4, 0, 2, 1, 1, 3),
      tokens([2, 3], 0, 0, 1, 0, 1, 1),
      stored(5, 4),
      stored(6, 4),
      stored(2, 4),
      stored(4),
      stored(4),
      tokens([2, 3], 1, 1, 0, 1, 1, 1),
    ],
    outputs: [0, 1, 2],
  }),
  "EmbedLayerNormalization with positions, without segments": microsoft({
    op: "EmbedLayerNormalization",
    in: [
      tokens([2, 3], 4, 0, 2, 1, 1, 3),
      null,
      stored(5, 4),
      stored(6, 4),
      null,
      stored(4),
      stored(4),
      null,
      tokens([2, 3], 5, 4, 3, 0, 1, 2),
    ],
    attrs: [["epsilon", "float", 0.1]],
    outputs: [0, 2],
  }),
  FusedMatMul: microsoft({ op: "FusedMatMul", in: [fed(2, 3, 5), stored(5, 4)], attrs: [["alpha", "float", 0.5]] }),
  "FusedMatMul, both transposed": microsoft({
    op: "FusedMatMul",
    in: [fed(2, 3, 5, 4), fed(2, 3, 6, 5)],
    attrs: [
      ["transA", "int", 1],
      ["transB", "int", 1],
    ],
  }),
  "FusedMatMul with batches behind": microsoft({
    op: "FusedMatMul",
    in: [fed(2, 3, 5), fed(2, 3, 5)],
    attrs: [
      ["transBatchA", "int", 1],
      ["transBatchB", "int", 1],
      ["transB", "int", 1],
    ],
  }),
};

describe("computes what ONNX Runtime's own operator does:", () => {
  for (const [name, c] of Object.entries(cases))
    test(name, async () => {
      const { error, model } = await expansionError(c);
      expect(error).toBeLessThan(2e-6);
      expect(model.graph.nodes.every((n) => opOf(n.op, n.domain))).toBe(true);
    });
});

const refusals: Readonly<Record<string, OneNode>> = {
  "an output that cannot be said": microsoft({
    op: "SkipSimplifiedLayerNormalization",
    in: [fed(2, 5), fed(2, 5), stored(5)],
    outputs: [0, 1],
  }),
  "an attribute of another operator": microsoft({ op: "Gelu", in: [fed(2, 5)], attrs: [["alpha", "float", 1]] }),
  "a missing input": microsoft({ op: "BiasGelu", in: [fed(2, 5)] }),
  "a cache": microsoft({
    op: "GroupQueryAttention",
    in: [...Array(5).fill(fed(1, 2, 4)), tokens([1], 1), tokens([1], 2)],
  }),
  "weights of few bits": microsoft({ op: "MatMulNBits", in: [fed(2, 5), fedTensor(stored(2, 5))] }),
};

test("what is refused says what and where", () => {
  expect(Object.values(refusals).map((c) => messageOf(oneNodeFile(c)))).toMatchInlineSnapshot(`
    [
      "com.microsoft.SkipSimplifiedLayerNormalization with its output 1 read is not supported
      node      node
      declared  x0 [batch, 5], x1 [batch, 5]
      tried     batch 2, 3, 5
      fix       save the model before ONNX Runtime's transformer optimizer fuses it, or export it without this setting",
      "com.microsoft.Gelu has an attribute that Espalier does not know
      node       node
      attribute  alpha
      got        1
      wanted     no attribute
      declared   x0 [batch, 5]
      tried      batch 2, 3, 5
      fix        export the model so that all of it follows the batch size, or with a fixed batch",
      "com.microsoft.BiasGelu has the wrong number of inputs
      node      node
      inputs    x0
      wanted    2
      declared  x0 [batch, 5]
      tried     batch 2, 3, 5
      fix       export the model so that all of it follows the batch size, or with a fixed batch",
      "com.microsoft.GroupQueryAttention with a past_key is not supported
      node      node
      declared  x0 [batch, 2, 4], x1 [batch, 2, 4], x2 [batch, 2, 4], x3 [batch, 2, 4], x4 [batch, 2, 4], x5 [batch], x6 [batch]
      tried     batch 2, 3, 5
      fix       save the model before ONNX Runtime's transformer optimizer fuses it, or export it without this setting",
      "com.microsoft.MatMulNBits computes with weights of few bits
      node      node
      declared  x0 [batch, 5], x1 [batch, 5]
      tried     batch 2, 3, 5
      fix       give the model as it was before it was quantized, or quantized by QuantizeLinear and DequantizeLinear alone",
    ]
  `);
});
