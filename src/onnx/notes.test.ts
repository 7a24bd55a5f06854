import { expect, test } from "vitest";
import { messageOf, modelFile, type NodeText } from "../../test/support/onnx-files.ts";
import { f32 } from "../graph/tensor.ts";
import { encodeAttribute } from "./attributes.ts";
import { readingNotes } from "./notes.ts";
import { read } from "./read.ts";
import { tensorProto } from "./tensors.ts";
import { write } from "./write.ts";

const vectors = ["scale", "bias", "mean", "var"].map((name) => tensorProto(name, f32([1, 2, 3, 4])));
const flags = [
  tensorProto("ratio", { dtype: "float32", shape: [], data: Float32Array.of(0.5) }),
  tensorProto("on", { dtype: "bool", shape: [], data: Uint8Array.of(1) }),
  tensorProto("off", { dtype: "bool", shape: [], data: Uint8Array.of(0) }),
];
const initializer = [...vectors, ...flags];
const norm = (outputs: string, mode: 0 | 1): NodeText => [
  "BatchNormalization",
  "x scale bias mean var",
  outputs,
  [encodeAttribute("training_mode", mode)],
];

test("what a file holds in training mode is read as in evaluation, and said", () => {
  const model = read(modelFile([norm("h m v", 1), ["Dropout", "h ratio on", "y"]], { initializer }));
  expect(readingNotes(model)).toMatchInlineSnapshot(`
    [
      "the file holds BatchNormalization in training mode (h); it is read, and written again, as in evaluation: by the statistics that are stored",
      "the file holds Dropout in training mode (y); it is read, and written again, as in evaluation: without dropping anything",
    ]
  `);
  expect(model.graph.nodes.map((n) => n.outputs.length)).toEqual([1, 1]);
  expect(readingNotes(read(write(model)))).toEqual([]);
});

test("of what is in evaluation already nothing is said", () => {
  const model = read(modelFile([norm("h", 0), ["Dropout", "h ratio off", "y"]], { initializer }));
  expect(readingNotes(model)).toEqual([]);
  expect(readingNotes({ ...model, rest: undefined })).toEqual([]);
});

test("before opset 14 batch normalization trains where it has outputs for new statistics", () => {
  const old = (outputs: string) =>
    read(modelFile([["BatchNormalization", "x scale bias mean var", outputs]], { initializer: vectors }, 9));
  expect(readingNotes(old("y m v sm sv"))).toHaveLength(1);
  expect(readingNotes(old("y"))).toEqual([]);
});

test("new statistics that somebody reads exist in training alone", () => {
  const nodes: readonly NodeText[] = [norm("h m v", 1), ["Add", "h m", "y"]];
  expect(messageOf(modelFile(nodes, { initializer }))).toMatchInlineSnapshot(`
    "an output of BatchNormalization that Espalier does not support is read
      node      h
      output    m
      wanted    the first 1 only
      declared  x [N, 4]
      tried     N 2, 3, 5
      fix       export the model for inference"
  `);
});

test("what makes random numbers means nothing in evaluation", () => {
  const nodes: readonly NodeText[] = [
    ["RandomUniformLike", "x", "r"],
    ["Add", "x r", "y"],
  ];
  expect(messageOf(modelFile(nodes))).toMatch(/^RandomUniformLike makes random numbers, as only training does\n/);
});
