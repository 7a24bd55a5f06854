import { expect, test } from "vitest";
import { modelFile, value } from "../../test/support/onnx-files.ts";
import { runOnce } from "../engine/engine.ts";
import { node } from "../engine/node.ts";
import { builder } from "../graph/builder.ts";
import { f32, full } from "../graph/tensor.ts";
import type { Tensor } from "../graph/types.ts";
import { read } from "./read.ts";
import { attributeTypes } from "./schema.ts";
import { decode, encodeMessage } from "./wire.ts";
import { encode, write } from "./write.ts";

const engine = node({ threads: 1 });
async function run(bytes: Uint8Array, feeds: Record<string, Tensor>) {
  const session = await engine.load(bytes);
  try {
    return await runOnce(session, engine, feeds);
  } finally {
    await session.release();
  }
}

test("a graph with parameters as attributes runs", async () => {
  const g = builder("every moved parameter");
  const x = g.input("x", "float32", [2, 3]);
  const w = g.initializer("w", full([4, 3], 0.5));
  let y = g.Relu(g.Gemm(x, w, null, { transB: 1 }));
  y = g.Clip(y, { max: 5 });
  y = g.Unsqueeze(y, { axes: [0] });
  y = g.Pad(y, { pads: [0, 0, 1, 0, 0, 1], value: 7 });
  y = g.Slice(y, { starts: [1], ends: [2 ** 63], axes: [2] });
  y = g.Squeeze(y, { axes: [0] });
  y = g.Reshape(y, { shape: [5, -1] });
  const [a, b] = g.Split(y, { axis: 0, split: [2, 3] });
  y = g.Concat([a, b], { axis: 0 });
  y = g.Expand(g.ReduceSum(g.Tile(y, { repeats: [1, 2] }), { axes: [1] }), { shape: [5, 2] });
  const [top] = g.TopK(g.ReduceMean(y, { axes: [0] }), { k: 1 });
  g.output(g.CumSum(g.Dropout(top), { axis: 1 }), "y");
  g.output(g.Cast(g.constant(f32([1, 2])), { to: "int32" }), "c");
  const { y: got, c } = await run(encode(g.build()), { x: f32([1, 2, 3, 4, 5, 6], [2, 3]) });
  expect(got.shape).toEqual([1, 1]);
  // rows [3, 3, 3, 3, 7] and [5, 5, 5, 5, 7] read as five pairs; each pair twice sums to 12, 12, 24, 20, 24
  expect((got.data as Float32Array)[0]).toBeCloseTo(18.4, 5);
  expect(c.dtype).toBe("int32");
});

test("attributes of operators that are not of the table are written as they were read", () => {
  const alpha = encodeMessage("AttributeProto", { name: "alpha", type: attributeTypes.float, f: 0.3 });
  const min = encodeMessage("AttributeProto", { name: "min", type: attributeTypes.float, f: -0.25 });
  const nodes = [
    ["Elu", "x", "a", [alpha]],
    ["toString", "a", "b", [min]],
    ["constructor", "b", "y", [alpha, min]],
  ] as const;
  const made = nodes.map(([op_type, input, output, attribute]) => ({
    ...{ op_type, input: [input], output: [output], attribute: [...attribute], domain: op_type === "Elu" ? "own" : "" },
  }));
  const file = modelFile([], { node: made, value_info: [value("a", "N", 4), value("b", "N", 4)] });
  const again = decode("ModelProto", write(read(file))).graph!.node!;
  expect(again.map((n) => n.attribute!.map((a) => [...a]))).toEqual(made.map((n) => n.attribute.map((a) => [...a])));
});

test("a graph with a standard operator outside the table has no opset of its own", () => {
  // until opset 13 a Hardmax was over all axes from its axis on
  const model = read(modelFile([["Hardmax", "x", "y"]], {}, 11));
  expect(decode("ModelProto", write(model)).opset_import).toEqual([{ domain: "", version: 11n }]);
  expect(() => encode(model.graph)).toThrow("a graph with Hardmax, which Espalier does not know, is of no opset");
});
