import { expect, test } from "vitest";
import { bytesOf, messageOf, modelFile } from "../../test/support/onnx-files.ts";
import { encodeAttribute } from "./attributes.ts";
import type { WireMessage } from "./schema.ts";
import { encodeMessage } from "./wire.ts";

test("errors say where", () => {
  const text = new TextEncoder();
  const bad = (t: WireMessage<"TensorProto">) =>
    messageOf(modelFile([["Add", "x w", "y"]], { initializer: [{ name: "w", ...t }] }));
  const dependent = modelFile(
    [
      ["Shape", "x", "s0"],
      ...Array.from({ length: 9 }, (_, i): [string, string, string] => ["Add", `s${i} s${i}`, `s${i + 1}`]),
      ["Tile", "x s9", "y"],
    ],
    {},
  );
  const messages = [
    messageOf(new Uint8Array()),
    messageOf(text.encode("hello, this is text\n".repeat(5))),
    messageOf(bytesOf("conv-9.onnx").subarray(0, 1000)),
    messageOf(modelFile([["Relu", "x", "y"]], {}, 8)),
    messageOf(modelFile([["Relu", "z", "y"]])),
    messageOf(
      modelFile([
        ["Add", "x b", "a"],
        ["Relu", "a", "b"],
        ["Relu", "b", "y"],
      ]),
    ),
    messageOf(
      modelFile([
        ["Relu", "x", "y"],
        ["Relu", "x", "y"],
      ]),
    ),
    messageOf(
      modelFile([
        ["Foo", "x", "z"],
        ["Relu", "z", "y"],
      ]),
    ),
    messageOf(modelFile([["Concat", "x x", "y", [encodeAttribute("axis", "one")]]])),
    messageOf(
      modelFile([
        ["Cast", "x", "s", [encodeAttribute("to", 7)]],
        ["Reshape", "x s", "y"],
      ]),
    ),
    messageOf(modelFile([["Reshape", "x x", "y"]])),
    messageOf(dependent),
    bad({ data_type: 1, dims: [2n ** 40n, 2n ** 40n], raw_data: new Uint8Array(4) }),
    bad({ data_type: 1, dims: [-4n] }),
    bad({ data_type: 1, dims: [4n], raw_data: new Uint8Array(15) }),
    bad({ data_type: 1, dims: [4n], float_data: [1, 2] }),
    bad({ data_type: 8, dims: [1n], string_data: [text.encode("a")] }),
    messageOf(modelFile([["Relu", "x", "y"]], { sparse_initializer: [new Uint8Array()] })),
  ];
  expect(messages.join("\n\n")).toMatchInlineSnapshot(`
    "this is not an ONNX model
      field  graph
      got    an empty file
      size   0 bytes
      fix    check that the file is an ONNX model

    damaged ONNX file: cant skip wire type 4
      field  (the file itself)
      byte   3
      fix    check that the file is complete and is an ONNX model

    damaged ONNX file: a message ends before its length
      field  graph
      byte   33
      fix    check that the file is complete and is an ONNX model

    the model's opset is not supported
      field   opset_import
      got     opset 8
      wanted  opset 9 to 28
      fix     export the model with opset 9 to 28

    a node reads a value that nothing makes
      node      y
      operator  Relu
      reads     z
      fix       check that the file is complete, or export the model again

    the graph has a cycle
      node      a
      operator  Add
      reads     x, b
      fix       check that the file is complete, or export the model again

    a value is made twice
      value  y
      node   y
      also   y
      fix    check that the file is complete, or export the model again

    the output type of Foo is unknown
      node      z
      output    z
      declared  x [N, 4]
      tried     N 2, 3, 5
      fix       save the model with onnx.shape_inference.infer_shapes, which writes the types of all values into it

    Concat has an attribute of the wrong type
      field   graph.node[0].attribute[0].type
      node    y
      name    axis
      got     string
      wanted  int
      fix     check that the file is complete, or export the model again

    the shape of Reshape is computed from data
      node      y
      input     s
      got       int64[2,4]
      wanted    a stored tensor, or one made of shapes
      declared  x [N, 4]
      tried     N 2, 3, 5
      fix       export the model so that shape is constant

    Reshape does not take this element type
      node      y
      input     x
      got       float32[2,4]
      wanted    int64
      declared  x [N, 4]
      tried     N 2, 3, 5
      fix       export the model so that all of it follows the batch size, or with a fixed batch

    the repeats of Tile depends on the sizes of the inputs in a way that cannot be told
      node      y
      got       1024,2048 · 1536,2048 · 2560,2048
      declared  x [N, 4]
      tried     N 2, 3, 5
      fix       export the model with a fixed batch size, or without this computation

    a tensor has impossible dimensions
      field  graph.initializer[0].dims
      got    [1099511627776,1099511627776]
      fix    check that the file is complete, or export the model again

    a tensor has impossible dimensions
      field  graph.initializer[0].dims
      got    [-4]
      fix    check that the file is complete, or export the model again

    a tensor's data does not fit its dimensions
      field   graph.initializer[0].raw_data
      got     15 bytes
      wanted  16 bytes
      fix     check that the file is complete, or export the model again

    a tensor's data does not fit its dimensions
      field   graph.initializer[0].float_data
      got     2 elements
      wanted  4 elements
      fix     check that the file is complete, or export the model again

    Espalier does not hold this element type
      field   graph.initializer[0].data_type
      got     string
      wanted  float32,uint8,int8,uint16,int16,int32,int64,bool,float16,float64,uint32,uint64,bfloat16
      fix     check that the file is complete, or export the model again

    sparse initializers are not supported
      field  graph.sparse_initializer
      fix    store the tensors densely"
  `);
});

test("deeply nested messages are refused", () => {
  let attribute = encodeMessage("AttributeProto", { name: "g", g: {} });
  for (let i = 0; i < 100; i++)
    attribute = encodeMessage("AttributeProto", { name: "g", g: { node: [{ attribute: [attribute] }] } });
  expect(messageOf(modelFile([["Foo", "x", "y", [attribute]]]))).toContain("subgraphs are nested too deeply");
});
