/** Ifs, Loops, Scans and sequences are written out where what they depend on is known: what is written makes what the file makes. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { messageOf, modelFile, type NodeText, value } from "../../../test/support/onnx-files.ts";
import { brokenPromise } from "../../../test/support/reading-property.ts";
import { runOnce } from "../../engine/engine.ts";
import { node } from "../../engine/node.ts";
import { opOf } from "../../graph/ops/index.ts";
import { roles } from "../../graph/roles.ts";
import { i64 } from "../../graph/tensor.ts";
import { Random } from "../../math/random.ts";
import { encodeAttribute } from "../attributes.ts";
import { readingNotes } from "../notes.ts";
import { read } from "../read.ts";
import type { WireMessage } from "../schema.ts";
import { tensorProto } from "../tensors.ts";
import { encodeMessage } from "../wire.ts";
import { write } from "../write.ts";

const engine = node({ threads: 1 });
const folder = fileURLToPath(new URL("../../../test/fixtures/control/", import.meta.url));
const file = (name: string) => new Uint8Array(readFileSync(`${folder}${name}.onnx`));

async function outputs(bytes: Uint8Array, shape: readonly number[]): Promise<number[]> {
  const random = new Random(3, "verify");
  const data = Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => random.normal());
  const session = await engine.load(bytes);
  const { y } = await runOnce(session, engine, { x: { dtype: "float32", shape, data } });
  await session.release();
  return Array.from(y.data as Float32Array);
}

describe.each([
  ["branches", [4], ["b", "c", "v", "w"]],
  ["loop", [4], ["b", "w"]],
  ["counted", [4], ["w"]],
  ["scan", [3, 4], ["w"]],
  ["grown", [4], ["b", "w"]],
  ["sequences", [4], ["w"]],
])("%s", (name, sample, learned) => {
  test("is the same function of operators of the table, at any batch", async () => {
    const bytes = file(name);
    const model = read(bytes);
    expect(model.graph.nodes.filter((n) => !opOf(n.op, n.domain)).map((n) => n.op)).toEqual([]);
    for (const batch of [1, 3]) {
      const wanted = await outputs(bytes, [batch, ...sample]);
      const got = await outputs(write(model), [batch, ...sample]);
      expect(got.length).toBe(wanted.length);
      for (const [i, y] of got.entries()) expect(y).toBeCloseTo(wanted[i], 5);
    }
    expect(brokenPromise(bytes)).toBeUndefined();
  });

  test("its weights are trained, each once", () => {
    const found = [...roles(read(file(name)).graph)].filter(([, role]) => role.learns);
    expect(found.map(([v]) => v.name.replace(/^.*\//, "")).sort()).toEqual(learned);
  });
});

test("it is said", () => {
  expect(readingNotes(read(file("branches")))).toEqual([
    "the file holds If (squeeze: its condition is always true, outer: its condition is always true, outer/inner: its condition is always true); it is read, and written again, as the nodes that it comes to",
  ]);
  expect(readingNotes(read(file("loop")))[0]).toContain("the file holds Loop (loop: it has 3 rounds)");
});

type Nodes = readonly WireMessage<"NodeProto">[];
const body =
  (node: Nodes, output: readonly string[], input: readonly string[] = []) =>
  (name: string) =>
    encodeMessage("AttributeProto", {
      name,
      type: 5,
      g: {
        node: [...node],
        output: output.map((o) => ({ name: o })),
        input: input.map((i) => ({ name: i })),
      },
    });
const relu = body([{ op_type: "Relu", input: ["x"], output: ["r"] }], ["r"]);
const neg = body([{ op_type: "Neg", input: ["x"], output: ["m"] }], ["m"]);
const round = body(
  [
    { op_type: "Identity", input: ["c"], output: ["goes"] },
    { op_type: "Tanh", input: ["s"], output: ["next"] },
  ],
  ["goes", "next"],
  ["i", "c", "s"],
);
const byData = body(
  [
    { op_type: "ReduceMax", input: ["s"], output: ["most"], attribute: [encodeAttribute("keepdims", 0, "int")] },
    { op_type: "Greater", input: ["most", "most"], output: ["goes"] },
    { op_type: "Tanh", input: ["s"], output: ["next"] },
  ],
  ["goes", "next"],
  ["i", "c", "s"],
);
const stored = (name: string, n: number) => ({ initializer: [tensorProto(name, i64([n], []))] });
const branchesOf = [relu("then_branch"), neg("else_branch")];

test("a loop of too many rounds is refused, with the number", () => {
  const bytes = modelFile(
    [
      ["Loop", "m - x", "h", [round("body")]],
      ["Relu", "h", "y"],
    ],
    stored("m", 513),
  );
  expect(messageOf(bytes)).toMatchInlineSnapshot(`
    "Loop has too many rounds to write them out
      node    h
      got     513
      wanted  at most 512
      fix     export the model without this loop, or with fewer rounds"
  `);
});

test("a loop that goes on by its data is refused", () => {
  const bytes = modelFile(
    [
      ["Loop", "m - x", "h", [byData("body")]],
      ["Relu", "h", "y"],
    ],
    stored("m", 5),
  );
  expect(messageOf(bytes)).toMatchInlineSnapshot(`
    "whether a Loop goes on is computed from data
      node   h
      round  0
      fix    export the model with a fixed number of rounds"
  `);
});

test("a condition that follows sizes is refused, at which sizes is said", () => {
  const bytes = modelFile(
    [
      ["Size", "x", "size"],
      ["Greater", "size t", "c"],
      ["If", "c", "h", branchesOf],
      ["Neg", "h", "y"],
    ],
    stored("t", 10),
  );
  expect(messageOf(bytes)).toMatchInlineSnapshot(`
    "what If does depends on the sizes of the inputs
      node  h
      got   its condition is always false; its condition is always true
      fix   export the model with fixed sizes on all axes but the batch"
  `);
});

test("a condition of data stays, where the file says what comes out", () => {
  const nodes: NodeText[] = [
    ["ReduceMax", "x", "most", [encodeAttribute("keepdims", 0, "int")]],
    ["Greater", "most most", "c"],
    ["If", "c", "h", branchesOf],
    ["Neg", "h", "y"],
  ];
  expect(messageOf(modelFile(nodes))).toMatchInlineSnapshot(`
    "the output type of If is unknown
      node    h
      output  h
      fix     save the model with onnx.shape_inference.infer_shapes, which writes the types of all values into it"
  `);
  const declared = modelFile(nodes, { value_info: [value("h", "N", 4)] });
  expect(read(declared).graph.nodes.map((n) => n.op)).toEqual(["ReduceMax", "Greater", "If", "Neg"]);
  expect(brokenPromise(declared)).toBeUndefined();
});

test("a sequence that goes out is refused", () => {
  const bytes = modelFile([["SplitToSequence", "x", "y"]], { output: [{ name: "y" }] });
  expect(messageOf(bytes).split("\n")[0]).toBe("an output of the model is a sequence");
});

test("what reads a sequence is refused by name", () => {
  const bytes = modelFile([
    ["SplitToSequence", "x", "s"],
    ["Relu", "s", "y"],
  ]);
  expect(messageOf(bytes).split("\n")[0]).toBe("Relu reads a sequence");
});
