import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { EspalierError } from "../error.ts";
import { builder } from "../graph/builder.ts";
import { f32 } from "../graph/tensor.ts";
import type { Model } from "../graph/types.ts";
import { encodeAttribute } from "./attributes.ts";
import { read } from "./read.ts";
import type { WireMessage } from "./schema.ts";
import { tensorProto } from "./tensors.ts";
import { decode, encodeMessage } from "./wire.ts";
import { write } from "./write.ts";

const folder = fileURLToPath(new URL("../../test/fixtures/onnx/", import.meta.url));
const bytesOf = (name: string) => new Uint8Array(readFileSync(folder + name));
const attrsOf = (model: Model, op: string) => model.graph.nodes.filter((n) => n.op === op).map((n) => n.attrs);

type NodeText = readonly [op: string, inputs: string, outputs: string, attrs?: WireMessage<"NodeProto">["attribute"]];
const value = (name: string, ...dims: (number | string)[]): WireMessage<"ValueInfoProto"> => ({
  name,
  type: {
    tensor_type: {
      elem_type: 1,
      shape: { dim: dims.map((d) => (typeof d === "string" ? { dim_param: d } : { dim_value: BigInt(d) })) },
    },
  },
});
/** A file with input x [N, 4] and output y. */
function file(nodes: readonly NodeText[], graph: WireMessage<"GraphProto"> = {}, opset = 17): Uint8Array {
  const node = nodes.map(([op_type, input, output, attribute]) => ({
    op_type,
    input: input.split(" ").map((x) => (x === "-" ? "" : x)),
    output: output.split(" "),
    attribute,
  }));
  return encodeMessage("ModelProto", {
    ir_version: 8n,
    opset_import: [{ domain: "", version: BigInt(opset) }],
    graph: { node, input: [value("x", "N", 4)], output: [value("y", "N", 4)], ...graph },
  });
}
function messageOf(bytes: Uint8Array, external?: (location: string) => Uint8Array): string {
  try {
    read(bytes, { external });
  } catch (e) {
    expect(e).toBeInstanceOf(EspalierError);
    return (e as EspalierError).message;
  }
  return "no error";
}

test("a computed view becomes a Reshape that follows the batch", () => {
  expect(attrsOf(read(bytesOf("torch-net-17.onnx")), "Reshape")).toEqual([{ shape: [0, -1], allowzero: 0 }]);
  const shapes = read(bytesOf("shapes.onnx"));
  expect(attrsOf(shapes, "Reshape").map((a) => a.shape)).toEqual([
    [-1, 2, 2, 3],
    [-1, 6, 6],
  ]);
  expect(shapes.graph.nodes.map((n) => n.op)).toEqual(["Reshape", "Softmax", "Reshape"]);
});

test("what the file holds beside its graph survives", () => {
  const source = decode("ModelProto", bytesOf("conv-9.onnx"));
  source.unknown = [Uint8Array.of(0xd2, 0x01, 2, 10, 0)]; // field 26, a device configuration
  const model = read(encodeMessage("ModelProto", source));
  const written = decode("ModelProto", write(model));
  const { graph: before, ...head } = source;
  const { graph: after, ...headAfter } = written;
  expect(headAfter).toEqual({ ...head, ir_version: 4n });
  expect(model.metadata).toEqual(new Map([["mean", "0.5"]]));
  expect(model.graph.inputs.map((v) => v.name)).toEqual(["x"]);
  expect(after!.input).toEqual(before!.input!.filter((v) => v.name === "x"));
  expect(after!.output).toEqual(before!.output);
  expect(after!.doc_string).toBe("a graph");
  expect(after!.node!.find((n) => n.op_type === "Gemm")!.doc_string).toBe("the classifier");
});

test("initializers that may be overridden stay inputs, in place", () => {
  const initializer = [tensorProto("w", f32([1, 2, 3, 4]))];
  const input = [value("w", 4), value("x", "N", 4)];
  const model = read(file([["Add", "x w", "y"]], { initializer, input }));
  expect(model.graph.inputs.map((v) => v.name)).toEqual(["x"]);
  expect(decode("ModelProto", write(model)).graph!.input).toEqual(input);
});

test("-0 is written as 0", () => {
  const model = read(file([["Add", "x w", "y"]], { initializer: [tensorProto("w", f32([-0, 1, -2, 0]))] }));
  const [w] = decode("ModelProto", write(model)).graph!.initializer!;
  expect(new Float32Array(w.raw_data!.slice().buffer)).toEqual(Float32Array.of(0, 1, -2, 0));
});

test("an operator that the opset lacks raises the opset", () => {
  const g = builder("gelu");
  const x = g.input("x", "float32", [1, 4]);
  g.output(g.Gelu(x), "y");
  const dims = new Map([["x", ["N", 4]]]);
  const written = decode("ModelProto", write({ graph: g.build(), opset: 17, dims, metadata: new Map() }));
  expect(written.opset_import).toEqual([{ domain: "", version: 20n }]);

  const opaque = read(bytesOf("opaque.onnx"));
  const h = builder("more", opaque.graph);
  h.output(h.Gelu(opaque.graph.outputs[0]), "z");
  expect(() => write({ ...opaque, graph: h.build() })).toThrowErrorMatchingInlineSnapshot(`
    [EspalierError: Gelu needs opset 20, but the model also has LpNormalization, which Espalier cannot convert
      node  Gelu
      got   opset 17
      fix   export the model again with opset 20 or newer]
  `);
});

test("opaque nodes keep their bytes, and list what their subgraphs read", () => {
  const model = read(bytesOf("opaque.onnx"));
  const branch = model.graph.nodes.find((n) => n.op === "If")!;
  expect(branch.inputs.map((v) => v!.name)).toEqual(["flag", "r", "w"]);
  const [before, after] = [bytesOf("opaque.onnx"), write(model)].map((b) => decode("ModelProto", b).graph!.node!);
  expect(after.map((n) => n.input)).toEqual(before.map((n) => n.input));
  expect(after.map((n) => n.attribute?.toSorted())).toEqual(before.map((n) => n.attribute?.toSorted()));
});

test("external data", () => {
  const asked: string[] = [];
  const model = read(bytesOf("external.onnx"), {
    external: (location) => {
      asked.push(location);
      return bytesOf(location);
    },
  });
  expect(asked).toEqual(["external.bin"]);
  const [w] = model.graph.initializers.values();
  expect(w.data).toEqual(new Float32Array(bytesOf("external.bin").slice(16).buffer));
  expect(messageOf(bytesOf("external.onnx"))).toMatchInlineSnapshot(`
    "the model keeps tensor data in another file
      field     graph.initializer[0].external_data
      location  external.bin
      fix       pass read(bytes, { external: (location) => bytes of that file })"
  `);
  expect(messageOf(bytesOf("external.onnx"), () => new Uint8Array(20))).toMatchInlineSnapshot(`
    "external data ends before the tensor does
      field     graph.initializer[0].external_data
      location  external.bin
      got       20 bytes
      wanted    bytes 16 to 40
      fix       check that the data file belongs to the model and is complete"
  `);
});

test.each(["/etc/passwd", "../w.bin", "a/../../w.bin", "a\\..\\w.bin", "C:\\w.bin", "\\\\host\\w.bin", ""])(
  "the external path %j is refused",
  (location) => {
    const w = {
      name: "w",
      data_type: 1,
      dims: [4n],
      data_location: 1,
      external_data: [{ key: "location", value: location }],
    };
    const bytes = file([["Add", "x w", "y"]], { initializer: [w] });
    expect(messageOf(bytes, () => new Uint8Array(16))).toContain("an external data path leaves the model's folder");
  },
);

test("errors say where", () => {
  const text = new TextEncoder();
  const bad = (t: WireMessage<"TensorProto">) =>
    messageOf(file([["Add", "x w", "y"]], { initializer: [{ name: "w", ...t }] }));
  const dependent = file(
    [
      ["Shape", "x", "s"],
      ["Tile", "x s", "y"],
    ],
    {},
  );
  const messages = [
    messageOf(new Uint8Array()),
    messageOf(text.encode("hello, this is text\n".repeat(5))),
    messageOf(bytesOf("conv-9.onnx").subarray(0, 1000)),
    messageOf(file([["Relu", "x", "y"]], {}, 8)),
    messageOf(file([["Relu", "z", "y"]])),
    messageOf(
      file([
        ["Add", "x b", "a"],
        ["Relu", "a", "b"],
        ["Relu", "b", "y"],
      ]),
    ),
    messageOf(
      file([
        ["Relu", "x", "y"],
        ["Relu", "x", "y"],
      ]),
    ),
    messageOf(
      file([
        ["Foo", "x", "z"],
        ["Relu", "z", "y"],
      ]),
    ),
    messageOf(file([["Concat", "x x", "y", [encodeAttribute("axis", "one")]]])),
    messageOf(file([["Reshape", "x x", "y"]])),
    messageOf(dependent),
    bad({ data_type: 1, dims: [2n ** 40n, 2n ** 40n], raw_data: new Uint8Array(4) }),
    bad({ data_type: 1, dims: [-4n] }),
    bad({ data_type: 1, dims: [4n], raw_data: new Uint8Array(15) }),
    bad({ data_type: 1, dims: [4n], float_data: [1, 2] }),
    bad({ data_type: 8, dims: [1n], string_data: [text.encode("a")] }),
    messageOf(file([["Relu", "x", "y"]], { sparse_initializer: [new Uint8Array()] })),
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
      wanted  opset 9 to 26
      fix     export the model with opset 9 to 26

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
      tried     batch 2 and 3
      fix       save the model with onnx.shape_inference.infer_shapes, which writes the types of all values into it

    Concat has an attribute of the wrong type
      field   graph.node[0].attribute[0].type
      name    axis
      got     string
      wanted  int
      fix     check that the file is complete, or export the model again

    the shape of Reshape is computed from data
      node      y
      input     x
      got       float32[2,4]
      wanted    a stored tensor, or one made of shapes
      declared  x [N, 4]
      tried     batch 2 and 3
      fix       export the model so that shape is constant

    the repeats of Tile depends on the batch size
      node      y
      got       2,4 at batch 2, 3,4 at batch 3
      declared  x [N, 4]
      tried     batch 2 and 3
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

test("training forms read as inference forms, unless their other outputs are read", () => {
  const initializer = [
    ...["s", "b", "m", "v"].map((name) => tensorProto(name, f32([1, 2, 3, 4]))),
    tensorProto("ratio", f32([0.3], [])),
    tensorProto("training", { dtype: "bool", shape: [], data: Uint8Array.of(1) }),
  ];
  const training = [encodeAttribute("training_mode", 1), encodeAttribute("momentum", 0.8)];
  const nodes = (mask: string): NodeText[] => [
    ["BatchNormalization", "x s b m v", "n m1 v1", training],
    ["Dropout", "n ratio training", "d mask"],
    ["Relu", mask, "y"],
  ];
  const model = read(file(nodes("d"), { initializer }));
  expect(model.graph.nodes.map((n) => [n.op, n.outputs.length])).toEqual([
    ["BatchNormalization", 1],
    ["Dropout", 1],
    ["Relu", 1],
  ]);
  expect(attrsOf(model, "Dropout")[0].ratio).toBeCloseTo(0.3);
  expect([...model.graph.initializers.keys()].map((v) => v.name)).toEqual(["s", "b", "m", "v"]);
  expect(read(write(model)).graph.nodes[0].attrs).toEqual({ epsilon: Math.fround(1e-5), momentum: Math.fround(0.8) });
  expect(messageOf(file(nodes("mask"), { initializer }))).toContain(
    "an output of Dropout that Espalier does not support",
  );
});

test("deeply nested messages are refused", () => {
  let attribute = encodeMessage("AttributeProto", { name: "g", g: {} });
  for (let i = 0; i < 100; i++)
    attribute = encodeMessage("AttributeProto", { name: "g", g: { node: [{ attribute: [attribute] }] } });
  expect(messageOf(file([["Foo", "x", "y", [attribute]]]))).toContain("subgraphs are nested too deeply");
});
