/** What a file may hold at the borders: refused in words that say why, or read, written and read back equal. */
import { expect, test } from "vitest";
import { attrsOf, messageOf, modelFile, type NodeText, value } from "../../test/support/onnx-files.ts";
import { brokenPromise } from "../../test/support/reading-property.ts";
import { builder } from "../graph/builder.ts";
import { f32, full, i64, numbers, tensor } from "../graph/tensor.ts";
import type { Tensor } from "../graph/types.ts";
import { encodeAttribute } from "./attributes.ts";
import { read } from "./read.ts";
import type { WireMessage } from "./schema.ts";
import { tensorProto } from "./tensors.ts";
import { encodeMessage } from "./wire.ts";
import { encode, write } from "./write.ts";

const y = { output: [{ name: "y" }] };
const stored = (proto: WireMessage<"TensorProto">) =>
  modelFile([["Identity", "w", "y"]], { initializer: [{ name: "w", ...proto }], ...y });
const held = (proto: WireMessage<"TensorProto">): Tensor => [...read(stored(proto)).graph.initializers.values()][0];
const firstLine = (bytes: Uint8Array) => messageOf(bytes).split("\n")[0];

test.each<[string, WireMessage<"TensorProto">, string]>([
  ["an int8 of 300", { data_type: 3, dims: [1n], int32_data: [300] }, "a number does not fit its element type"],
  [
    "a float16 of more than 16 bits",
    { data_type: 10, dims: [1n], int32_data: [70000] },
    "a number does not fit its element type",
  ],
  [
    "a uint32 of 2^32",
    { data_type: 12, dims: [1n], uint64_data: [2n ** 32n] },
    "a number does not fit its element type",
  ],
  [
    "two lists",
    { data_type: 1, dims: [1n], float_data: [1], int32_data: [1] },
    "a tensor's data stands in the wrong place",
  ],
  [
    "raw data and a list",
    { data_type: 1, dims: [1n], float_data: [1], raw_data: new Uint8Array(4) },
    "a tensor's data stands in the wrong place",
  ],
  [
    "a segment",
    { data_type: 1, dims: [1n], segment: new Uint8Array(2), float_data: [1] },
    "tensors in segments are not supported",
  ],
  ["no data", { data_type: 1, dims: [1n] }, "a tensor's data does not fit its dimensions"],
])("%s is refused", (_, proto, what) => expect(firstLine(stored(proto))).toBe(what));

test("typed lists of every width, and what is true", () => {
  expect(numbers(held({ data_type: 3, dims: [2n], int32_data: [-128, 127] }))).toEqual([-128, 127]);
  expect(numbers(held({ data_type: 4, dims: [2n], int32_data: [0, 65535] }))).toEqual([0, 65535]);
  expect(held({ data_type: 16, dims: [1n], int32_data: [0x3f80] }).data).toEqual(Uint16Array.of(0x3f80));
  expect(held({ data_type: 7, dims: [1n], int64_data: [2n ** 63n - 1n] }).data).toEqual(
    BigInt64Array.of(2n ** 63n - 1n),
  );
  expect(numbers(held({ data_type: 9, dims: [3n], raw_data: Uint8Array.of(0, 1, 7) }))).toEqual([0, 1, 1]);
  expect(held({ data_type: 1, dims: [0n, 3n] })).toEqual({
    dtype: "float32",
    shape: [0, 3],
    data: new Float32Array(0),
  });
});

const kept: readonly (readonly [what: string, bytes: Uint8Array])[] = [
  [
    "integers beyond 2^53 in a Constant",
    modelFile(
      [
        [
          "Constant",
          "",
          "y",
          [
            encodeAttribute("value", {
              dtype: "int64",
              shape: [2],
              data: BigInt64Array.of(2n ** 53n + 1n, -(2n ** 63n)),
            }),
          ],
        ],
      ],
      { input: [], ...y },
    ),
  ],
  [
    "an attribute that is no number",
    modelFile([["Clip", "x", "y", [encodeAttribute("min", Number.NaN, "float")]]], {}, 9),
  ],
  [
    "subnormal and infinite attributes",
    modelFile(
      [
        [
          "Clip",
          "x",
          "y",
          [encodeAttribute("min", 1e-45, "float"), encodeAttribute("max", Number.POSITIVE_INFINITY, "float")],
        ],
      ],
      {},
      9,
    ),
  ],
  [
    "0 and -0 as parameters",
    modelFile(
      [
        ["Clip", "x zero", "a"],
        ["Clip", "a minus", "y"],
      ],
      { initializer: [tensorProto("zero", f32([0], [])), tensorProto("minus", f32([-0], []))] },
    ),
  ],
  [
    "a float64 bound",
    modelFile([["Clip", "d bound", "y"]], {
      input: [{ name: "d", type: { tensor_type: { elem_type: 11, shape: { dim: [{ dim_value: 1n }] } } } }],
      initializer: [tensorProto("bound", tensor("float64", [], Float64Array.of(0.1)))],
      ...y,
    }),
  ],
  [
    "a uint64 bound",
    modelFile([["Clip", "d bound", "y"]], {
      input: [{ name: "d", type: { tensor_type: { elem_type: 13, shape: { dim: [{ dim_value: 1n }] } } } }],
      initializer: [tensorProto("bound", tensor("uint64", [], BigUint64Array.of(2n ** 64n - 1n)))],
      ...y,
    }),
  ],
  [
    "names that look alike",
    modelFile(
      [
        ["Relu", "e\u0301", "\u00e9"],
        ["Relu", "\u00e9", "\ufeffy"],
        ["Relu", "\ufeffy", "y"],
      ],
      { input: [value("e\u0301", 2)], ...y },
    ),
  ],
  ["a dynamic axis called as another thing", modelFile([["Relu", "x", "y"]], { input: [value("x", "?", 4)], ...y })],
  [
    "nodes out of order",
    modelFile([
      ["Relu", "a", "y"],
      ["Neg", "x", "a"],
    ]),
  ],
  [
    "two keys of metadata of objects",
    encodeMessage("ModelProto", {
      ir_version: 8n,
      opset_import: [{ domain: "", version: 17n }],
      metadata_props: [
        { key: "__proto__", value: "a" },
        { key: "constructor", value: "" },
      ],
      graph: {
        node: [{ op_type: "Relu", input: ["x"], output: ["y"] }],
        input: [value("x", 1)],
        output: [{ name: "y" }],
      },
    }),
  ],
];

test.each(kept)("%s: kept", (_, bytes) => expect(brokenPromise(bytes)).toBeUndefined());

test("large integers stay what they are", () => {
  const bound = attrsOf(read(kept[5][1]), "Clip")[0].min;
  expect(bound).toBe(2 ** 64);
  const [constant] = attrsOf(read(kept[0][1]), "Constant");
  expect((constant.value as Tensor).data).toEqual(BigInt64Array.of(2n ** 53n + 1n, -(2n ** 63n)));
  const odd = encodeMessage("AttributeProto", { name: "value_int", type: 2, i: 2n ** 53n + 1n });
  expect(firstLine(modelFile([["Constant", "", "y", [odd]]], { input: [], ...y }))).toBe(
    "an attribute is an integer that Espalier cannot hold",
  );
});

test.each<[string, readonly NodeText[], WireMessage<"GraphProto">, string]>([
  [
    "a cycle",
    [
      ["Add", "x b", "a"],
      ["Relu", "a", "b"],
      ["Relu", "b", "y"],
    ],
    {},
    "the graph has a cycle",
  ],
  ["a node that reads itself", [["Add", "x y", "y"]], {}, "the graph has a cycle"],
  [
    "two values of one name",
    [
      ["Relu", "x", "y"],
      ["Relu", "x", "y"],
    ],
    {},
    "a value is made twice",
  ],
  [
    "an input made again",
    [
      ["Relu", "x", "x"],
      ["Relu", "x", "y"],
    ],
    {},
    "a value is made twice",
  ],
  [
    "two initializers of one name",
    [["Relu", "x", "y"]],
    { initializer: [tensorProto("w", f32([1])), tensorProto("w", f32([2]))] },
    "an initializer is stored twice",
  ],
  ["an output without a name", [["Relu", "x", "y"]], { output: [{ name: "" }] }, "an output has no name of its own"],
  [
    "a node that makes nothing",
    [
      ["Print", "x", ""],
      ["Relu", "x", "y"],
    ],
    {},
    "a node makes nothing",
  ],
  [
    "another type than declared",
    [["Relu", "x", "y"]],
    { output: [{ name: "y", type: { tensor_type: { elem_type: 7 } } }] },
    "a value is declared as another type than it has",
  ],
  [
    "text that is no UTF-8",
    [["Gelu", "x", "y", [encodeMessage("AttributeProto", { name: "approximate", type: 3, s: Uint8Array.of(0xff) })]]],
    {},
    "an attribute is not text in UTF-8",
  ],
])("%s is refused", (_, nodes, graph, what) => expect(firstLine(modelFile(nodes, graph, 20))).toBe(what));

test("a function that stands for an operator of ONNX is refused", () => {
  const model = (functions: Uint8Array[]) =>
    encodeMessage("ModelProto", {
      ir_version: 8n,
      opset_import: [{ domain: "", version: 17n }],
      functions,
      graph: {
        node: [{ op_type: "Relu", input: ["x"], output: ["y"] }],
        input: [value("x", 1)],
        output: [{ name: "y" }],
      },
    });
  const named = (name: string, domain: string) => encodeMessage("FunctionProto", { name, domain });
  expect(firstLine(model([named("Relu", "ai.onnx")]))).toBe("the file defines an operator of ONNX anew");
  expect(brokenPromise(model([named("Relu", "my.domain")]))).toBeUndefined();
});

test("half of a surrogate pair is not written", () => {
  const g = builder();
  g.output(g.Relu(g.input("x", "float32", [1])), "\ud800");
  expect(() => encode(g.build())).toThrow("a text is not well-formed Unicode");
});

test("constants that differ in the sign of a zero are two", () => {
  const g = builder();
  const x = g.input("x", "float32", [2]);
  g.output(g.Mul(g.Mul(x, g.constant(f32([1, 0]))), g.constant(f32([1, -0]))), "y");
  expect(g.build().nodes.filter((n) => n.op === "Constant")).toHaveLength(2);
  g.constant(i64([1]));
  g.constant(full([1], 1));
  expect(g.build().nodes.filter((n) => n.op === "Constant")).toHaveLength(4);
  const model = { graph: g.build(), opset: 17, dims: new Map(), metadata: new Map() };
  expect(brokenPromise(write(model))).toBeUndefined();
});
