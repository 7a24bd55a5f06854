import { expect, test } from "vitest";
import { attrsOf, bytesOf, messageOf, modelFile, type NodeText, value } from "../../test/support/onnx-files.ts";
import { builder } from "../graph/builder.ts";
import { opOf } from "../graph/ops/index.ts";
import { f32 } from "../graph/tensor.ts";
import { encodeAttribute } from "./attributes.ts";
import { read } from "./read.ts";
import { tensorProto } from "./tensors.ts";
import { decode, encodeMessage } from "./wire.ts";
import { write } from "./write.ts";

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
  const model = read(modelFile([["Add", "x w", "y"]], { initializer, input }));
  expect(model.graph.inputs.map((v) => v.name)).toEqual(["x"]);
  expect(decode("ModelProto", write(model)).graph!.input).toEqual(input);
});

test("-0 is written as 0", () => {
  const model = read(modelFile([["Add", "x w", "y"]], { initializer: [tensorProto("w", f32([-0, 1, -2, 0]))] }));
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
    [EspalierError: Gelu needs opset 20, but the model also has Hardmax, which Espalier cannot convert
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
  const opaque = (nodes: typeof before) =>
    nodes.filter((n) => !opOf(n.op_type!, n.domain)).map((n) => n.attribute?.toSorted());
  expect(opaque(after)).toEqual(opaque(before));
  expect(opaque(after)).toHaveLength(3);
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
    const bytes = modelFile([["Add", "x w", "y"]], { initializer: [w] });
    expect(messageOf(bytes, () => new Uint8Array(16))).toContain("an external data path leaves the model's folder");
  },
);

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
  const model = read(modelFile(nodes("d"), { initializer }));
  expect(model.graph.nodes.map((n) => [n.op, n.outputs.length])).toEqual([
    ["BatchNormalization", 1],
    ["Dropout", 1],
    ["Relu", 1],
  ]);
  expect(attrsOf(model, "Dropout")[0].ratio).toBeCloseTo(0.3);
  expect([...model.graph.initializers.keys()].map((v) => v.name)).toEqual(["s", "b", "m", "v"]);
  expect(read(write(model)).graph.nodes[0].attrs).toEqual({ epsilon: Math.fround(1e-5), momentum: Math.fround(0.8) });
  expect(messageOf(modelFile(nodes("mask"), { initializer }))).toContain(
    "an output of Dropout that Espalier does not support",
  );
});
