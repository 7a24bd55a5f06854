/** Attention and rotary embeddings against ONNX Runtime's own kernels, and what is refused. */
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
import { atBatch } from "../../graph/bind.ts";
import { opOf } from "../../graph/ops/index.ts";
import { i64, tensor } from "../../graph/tensor.ts";
import { read } from "../read.ts";

const domain = "com.microsoft";
const ints = (shape: number[], ...data: number[]) => fedTensor(tensor("int32", shape, Int32Array.from(data)));
const bools = (shape: number[], ...data: number[]) => fedTensor(tensor("bool", shape, Uint8Array.from(data)));
const heads = (n: number) => ["num_heads", "int", n] as const;
const causal = ["is_causal", "int", 1] as const;
const own = (op: string, c: Omit<OneNode, "op">): OneNode => ({ op, opset: 24, ...c });
const fused = (op: string, c: Omit<OneNode, "op">): OneNode => ({ op, domain, ...c });

const x = fed(2, 3, 8);
const packed = [x, stored(8, 24), stored(24)];
const three = [fed(2, 3, 8), fed(2, 4, 8), fed(2, 4, 8)];
const four = [fed(2, 2, 3, 4), fed(2, 2, 5, 4), fed(2, 2, 5, 6)];
const tables = [stored(7, 2), stored(7, 2)];

/** No cache; the last position of each sample, and how many there are. */
const full = [null, null, ints([2], 2, 2), tensor("int32", [1], Int32Array.of(3))];
const grouped = (inputs: OneNode["in"], attrs: OneNode["attrs"] = []): OneNode =>
  fused("GroupQueryAttention", {
    in: inputs,
    attrs: [heads(4), ["kv_num_heads", "int", 2], ...attrs],
    outputs: [0, 1, 2],
  });

const cases: Readonly<Record<string, OneNode>> = {
  Attention: own("Attention", { in: four }),
  "Attention of 3 axes, several queries to a key": own("Attention", {
    in: [fed(2, 3, 8), fed(2, 5, 4), fed(2, 5, 4)],
    attrs: [
      ["q_num_heads", "int", 4],
      ["kv_num_heads", "int", 2],
      ["scale", "float", 0.3],
    ],
  }),
  "Attention, causal": own("Attention", { in: four, attrs: [causal] }),
  "Attention with a cap and a mask that is added": own("Attention", {
    in: [...four, fed(2, 1, 3, 5)],
    attrs: [causal, ["softcap", "float", 0.5]],
  }),
  "Attention with a mask of conditions": own("Attention", {
    in: [
      ...four,
      bools([2, 1, 3, 5], ...Array.from({ length: 30 }, (_, i) => ((i >= 5 && i < 10) || i % 3 === 0 ? 0 : 1))),
    ],
  }),
  "Attention behind a cache": own("Attention", {
    in: [...four, null, fed(2, 2, 4, 4), fed(2, 2, 4, 6)],
    attrs: [causal],
    outputs: [0, 1, 2],
  }),
  "Attention's scores with what is added, in another precision": own("Attention", {
    in: [...four, fed(2, 1, 3, 5)],
    attrs: [
      ["qk_matmul_output_mode", "int", 2],
      ["softmax_precision", "int", 11],
    ],
    outputs: [0, 3],
  }),
  "Attention's scores": own("Attention", { in: four, outputs: [0, 3] }),
  "com.microsoft.Attention": fused("Attention", { in: packed, attrs: [heads(2)] }),
  "com.microsoft.Attention, causal": fused("Attention", {
    in: packed,
    attrs: [heads(2), ["unidirectional", "int", 1]],
  }),
  "com.microsoft.Attention with widths of its own": fused("Attention", {
    in: [x, stored(8, 20), stored(20), ints([2, 3], 1, 1, 0, 1, 0, 0)],
    attrs: [heads(2), ["qkv_hidden_sizes", "ints", [8, 8, 4]], ["scale", "float", 0.2]],
  }),
  "com.microsoft.Attention with lengths": fused("Attention", { in: [...packed, ints([2], 2, 3)], attrs: [heads(2)] }),
  "com.microsoft.Attention with a mask and a bias of its scores": fused("Attention", {
    in: [...packed, ints([2, 3, 3], 1, 1, 0, 1, 1, 0, 0, 0, 1, 1, 1, 1, 1, 0, 1, 1, 0, 1), null, stored(1, 2, 3, 3)],
    attrs: [heads(2), ["mask_filter_value", "float", -5]],
  }),
  MultiHeadAttention: fused("MultiHeadAttention", { in: three, attrs: [heads(2)] }),
  "MultiHeadAttention with biases and a mask": fused("MultiHeadAttention", {
    in: [...three, stored(24), ints([2, 4], 1, 1, 0, 1, 0, 0, 1, 1)],
    attrs: [heads(2)],
  }),
  "MultiHeadAttention of keys in heads": fused("MultiHeadAttention", {
    in: [fed(2, 3, 8), fed(2, 2, 4, 4), fed(2, 2, 4, 4), null, null, stored(1, 2, 3, 4)],
    attrs: [heads(2)],
  }),
  "MultiHeadAttention, causal": fused("MultiHeadAttention", {
    in: [fed(2, 3, 8), fed(2, 3, 8), fed(2, 3, 8)],
    attrs: [heads(4), ["unidirectional", "int", 1]],
  }),
  GroupQueryAttention: grouped([fed(2, 3, 64), fed(2, 3, 32), fed(2, 3, 32), ...full]),
  "GroupQueryAttention of queries, keys and values in one": grouped([fed(2, 3, 128), null, null, ...full]),
  "GroupQueryAttention with rotary embeddings": grouped(
    [fed(2, 3, 64), fed(2, 3, 32), fed(2, 3, 32), ...full, stored(7, 8), stored(7, 8)],
    [["do_rotary", "int", 1]],
  ),
  "GroupQueryAttention with rotary embeddings of neighbours": grouped(
    [fed(2, 3, 64), fed(2, 3, 32), fed(2, 3, 32), ...full, stored(7, 8), stored(7, 8)],
    [
      ["do_rotary", "int", 1],
      ["rotary_interleaved", "int", 1],
    ],
  ),
  "GroupQueryAttention with samples of several lengths": grouped([
    fed(2, 3, 64),
    fed(2, 3, 32),
    fed(2, 3, 32),
    null,
    null,
    ints([2], 2, 1),
    tensor("int32", [1], Int32Array.of(3)),
  ]),
  "GroupQueryAttention with a window, a cap and a scale": grouped(
    [fed(2, 5, 64), fed(2, 5, 32), fed(2, 5, 32), null, null, ints([2], 4, 4), tensor("int32", [1], Int32Array.of(5))],
    [
      ["local_window_size", "int", 2],
      ["softcap", "float", 0.5],
      ["scale", "float", 0.3],
    ],
  ),
  "GroupQueryAttention with a bias of its scores": grouped([
    fed(2, 3, 64),
    fed(2, 3, 32),
    fed(2, 3, 32),
    ...full,
    null,
    null,
    null,
    stored(1, 4, 3, 3),
  ]),
  RotaryEmbedding: own("RotaryEmbedding", {
    in: [fed(2, 3, 5, 4), ...tables, fedTensor(i64([0, 3, 1, 6, 2, 2, 4, 1, 0, 5], [2, 5]))],
  }),
  "RotaryEmbedding of neighbours, in 3 axes, in part": own("RotaryEmbedding", {
    in: [fed(2, 5, 12), fed(2, 5, 2), fed(2, 5, 2)],
    attrs: [
      ["interleaved", "int", 1],
      ["num_heads", "int", 2],
      ["rotary_embedding_dim", "int", 4],
    ],
  }),
  "com.microsoft.RotaryEmbedding": fused("RotaryEmbedding", {
    in: [fed(2, 5, 12), fedTensor(i64([0, 3, 1, 6, 2, 2, 4, 1, 0, 5], [2, 5])), ...tables],
  }),
  "com.microsoft.RotaryEmbedding from a position on": fused("RotaryEmbedding", {
    in: [fed(2, 3, 4, 4), i64([2]), ...tables],
    attrs: [["interleaved", "int", 1]],
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
  "a cache": fused("Attention", { in: [...packed, null, fed(2, 2, 2, 4, 4)], attrs: [heads(2)] }),
  "a mask of another form": fused("Attention", {
    in: [...packed, ints([2, 5], 1, 1, 1, 1, 1, 1, 1, 1, 1, 1)],
    attrs: [heads(2)],
  }),
  "queries, keys and values in one": fused("MultiHeadAttention", { in: [fed(2, 3, 2, 3, 4)], attrs: [heads(2)] }),
  "a precision that is none": own("Attention", { in: four, attrs: [["softmax_precision", "int", 99]] }),
  "positions of which the runtime takes the first": grouped(
    [
      ...[fed(2, 3, 64), fed(2, 3, 32), fed(2, 3, 32), ...full, stored(7, 8), stored(7, 8)],
      fedTensor(i64([0, 3, 1, 6, 2, 2], [2, 3])),
    ],
    [["do_rotary", "int", 1]],
  ),
  "a softmax with one more": grouped(
    [fed(2, 3, 64), fed(2, 3, 32), fed(2, 3, 32), ...full],
    [["smooth_softmax", "int", 1]],
  ),
  "heads that do not divide": own("Attention", { in: [fed(2, 3, 3, 4), fed(2, 2, 5, 4), fed(2, 2, 5, 4)] }),
};

test("a file for one sample is read for several, although one node becomes many", () => {
  const model = read(oneNodeFile({ ...fused("MultiHeadAttention", { in: three, attrs: [heads(2)] }), samples: 1 }));
  expect(atBatch(model, 3).outputs.map((o) => o.shape)).toEqual([[3, 3, 8]]);
});

test("what is refused says what and where", () => {
  const messages = Object.values(refusals).map((c) => messageOf(oneNodeFile(c)).split("\n")[0]);
  expect(messages).toMatchInlineSnapshot(`
    [
      "com.microsoft.Attention with a past is not supported",
      "com.microsoft.Attention with a mask of shape [2,5] is not supported",
      "com.microsoft.MultiHeadAttention with queries, keys and values in one is not supported",
      "Espalier does not hold this element type",
      "com.microsoft.GroupQueryAttention with a position_ids is not supported",
      "com.microsoft.GroupQueryAttention with smooth_softmax is not supported",
      "Attention with 3 heads of queries and 2 of keys is not supported",
    ]
  `);
});
