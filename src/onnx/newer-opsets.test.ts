import { expect, test } from "vitest";
import { attrsOf, messageOf, modelFile, type NodeText, value } from "../../test/support/onnx-files.ts";
import { f32 } from "../graph/tensor.ts";
import { read } from "./read.ts";
import { tensorProto } from "./tensors.ts";
import { decode, encodeMessage } from "./wire.ts";
import { write } from "./write.ts";

test("what came after the runtime's newest opset is read as that one, and written so", () => {
  const source = { ...decode("ModelProto", modelFile([["Relu", "x", "y"]], {}, 28)), ir_version: 14n };
  const model = read(encodeMessage("ModelProto", source));
  expect(model.opset).toBe(26);
  const { ir_version, opset_import } = decode("ModelProto", write(model));
  expect({ ir_version, opset_import }).toEqual({ ir_version: 13n, opset_import: [{ domain: "", version: 26n }] });
});

test("an operator, an attribute and a type that the runtime's newest opset lacks are refused by name", () => {
  expect(messageOf(modelFile([["SwiGLU", "x", "y"]], {}, 28))).toMatchInlineSnapshot(`
    "ONNX Runtime does not know SwiGLU yet
      field   graph.node[0]
      node    y
      got     opset 28
      wanted  opset 26
      fix     export the model with opset 26 or older"
  `);
  const celu = { input: [{ ...value("x", "N", 4), type: { tensor_type: { elem_type: 10, shape: { dim: [{}] } } } }] };
  expect(messageOf(modelFile([["Celu", "x", "y"]], celu, 28))).toMatchInlineSnapshot(`
    "Celu does not take this element type
      node      y
      input     x
      got       float16[2]
      wanted    float32
      declared  x [?]
      tried     batch 2, 3, 5
      fix       export the model so that all of it follows the batch size, or with a fixed batch"
  `);
  // an opset that is older than the operator has it from elsewhere, if at all
  expect(messageOf(modelFile([["SwiGLU", "x", "y"]], {}, 26))).toBe("no error");
});

test("CastLike is a Cast to the type of what it is like", () => {
  const initializer = [tensorProto("like", { dtype: "float16", shape: [0], data: new Uint16Array() })];
  const output = [{ ...value("y"), type: { tensor_type: { elem_type: 10 } } }];
  const model = read(modelFile([["CastLike", "x like", "y"]], { initializer, output }));
  expect(attrsOf(model, "Cast")).toEqual([{ to: "float16" }]);
  expect([...model.graph.initializers.keys()]).toEqual([]);
  expect(messageOf(modelFile([["CastLike", "x", "y"]], { output }))).toContain(
    "CastLike has the wrong number of inputs",
  );
});

test("Size is known where the shape is", () => {
  const nodes = [
    ["Size", "x", "n"],
    ["Reshape", "x n1", "y"],
    ["Reshape", "n one", "n1"],
  ] as const;
  const initializer = [tensorProto("one", { dtype: "int64", shape: [1], data: BigInt64Array.of(1n) })];
  const fixed = { initializer, input: [value("x", 3, 4)], output: [value("y", 12)] };
  expect(attrsOf(read(modelFile(nodes, fixed)), "Reshape")).toEqual([{ shape: [12], allowzero: 0 }]);
  const open = { initializer, output: [value("y", "M")] };
  expect(attrsOf(read(modelFile(nodes, open)), "Reshape")).toEqual([{ shape: [-1], allowzero: 0 }]);
});

test("what is no tensor of numbers is called by its name", () => {
  const typed = (type: object) => messageOf(modelFile([["Relu", "x", "y"]], { input: [{ ...value("x"), type }] }));
  expect(typed({ tensor_type: { elem_type: 17 } })).toContain("float8e4m3fn");
  expect(typed({ unknown: [Uint8Array.of(0x22, 0)] })).toContain("a sequence");
  expect(typed({ unknown: [Uint8Array.of(0x4a, 0)] })).toContain("an optional");
});

test("statistics of a LayerNormalization are computed where somebody reads them", () => {
  const initializer = [tensorProto("scale", f32([1, 2, 3, 4]))];
  const output = [value("y", "N", 4), value("mean", "N", 1), value("inverse", "N", 1)];
  const ops = (outputs: string, of: typeof output) =>
    read(modelFile([["LayerNormalization", "x scale", outputs]], { initializer, output: of })).graph.nodes.map(
      (n) => n.op,
    );
  expect(ops("y mean inverse", [output[0]])).toEqual(["LayerNormalization"]);
  expect(ops("y mean inverse", output)).toContain("Reciprocal");
});

test("axes that a Range makes of the rank are known", () => {
  const scalar = (name: string, x: bigint) =>
    tensorProto(name, { dtype: "int64", shape: [], data: BigInt64Array.of(x) });
  const nodes: readonly NodeText[] = [
    ["Shape", "x", "shape"],
    ["Size", "shape", "rank"],
    ["Range", "one rank step", "axes"],
    ["ReduceMean", "x axes", "y"],
  ];
  const graph = { initializer: [scalar("one", 1n), scalar("step", 1n)], output: [value("y", "N", 1)] };
  expect(attrsOf(read(modelFile(nodes, graph, 18)), "ReduceMean")).toEqual([{ axes: [1], keepdims: 1 }]);
});
