/** Functions that a file defines for itself are read as their nodes: what is written makes in ONNX Runtime what the file makes. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { messageOf, value } from "../../../test/support/onnx-files.ts";
import { brokenPromise } from "../../../test/support/reading-property.ts";
import { runOnce } from "../../engine/engine.ts";
import { node } from "../../engine/node.ts";
import { roles } from "../../graph/roles.ts";
import { Random } from "../../math/random.ts";
import { readingNotes } from "../notes.ts";
import { read } from "../read.ts";
import type { WireMessage } from "../schema.ts";
import { decode, encodeMessage } from "../wire.ts";
import { write } from "../write.ts";

const engine = node({ threads: 1 });
const folder = fileURLToPath(new URL("../../../test/fixtures/functions/", import.meta.url));
const file = (name: string) => new Uint8Array(readFileSync(`${folder}${name}.onnx`));
const random = new Random(3, "verify");
const x = { dtype: "float32" as const, data: Float32Array.from({ length: 12 }, () => random.normal()), shape: [3, 4] };

async function outputs(bytes: Uint8Array): Promise<number[]> {
  const session = await engine.load(bytes);
  const found = await runOnce(session, engine, { x });
  await session.release();
  return Array.from(found[session.outputNames[0]].data as Float32Array);
}
const expectClose = (got: readonly number[], wanted: readonly number[]) => {
  for (const [i, y] of got.entries()) expect(y).toBeCloseTo(wanted[i], 5);
};

describe.each(["nested", "overloads", "scripted"])("%s", (name) => {
  test("is the same function without functions", async () => {
    const bytes = file(name);
    const written = write(read(bytes));
    const wanted = await outputs(bytes);
    expectClose(await outputs(written), wanted);
    const { functions, graph } = decode("ModelProto", written);
    expect(functions).toBeUndefined();
    expect(graph?.node?.filter((n) => n.domain)).toEqual([]);
    expect(brokenPromise(bytes)).toBeUndefined();
  });
});

test("names are those of the calls", () => {
  const { graph } = read(file("nested"));
  expect(graph.nodes.map((n) => n.name)).toEqual([
    "first/product",
    "first/sum",
    "first/shrunk/relu",
    "first/shrunk/soft",
    "first/x_again",
    "second/product",
    "second/sum",
    "second/shrunk/relu",
    "second/shrunk/soft",
    "again",
    "s",
    "out",
  ]);
  const slopes = graph.nodes.filter((n) => n.op === "LeakyRelu").map((n) => n.attrs.alpha);
  expect(slopes).toEqual([Math.fround(0.1), 0.25]);
  expect(graph.nodes.filter((n) => n.op === "Softmax").map((n) => n.attrs.axis)).toEqual([1, 0]);
});

test("what is trained is known through functions", () => {
  const learned = [...roles(read(file("scripted")).graph)].filter(([, role]) => role.learns).map(([v]) => v.name);
  expect(learned.sort()).toEqual(["b", "c", "v", "w"]);
});

test("it is said", () => {
  expect(readingNotes(read(file("nested")))).toContain(
    "the file defines functions of its own (Layer, Shrunk); their 4 calls are read, and written again, as the operators that they are of",
  );
});

test("a function may be of another opset than the file, and subgraphs may call", async () => {
  const model = read(file("other-opset"));
  expect(model.graph.nodes.map((n) => n.op)).toContain("Squeeze");
  expect(brokenPromise(file("other-opset"))).toBeUndefined();
  // ONNX Runtime does not take such a file; as functions go, it is max(2x) or −x, times w
  const w = [...model.graph.initializers.values()].find((t) => t.shape.length === 2)!.data as Float32Array;
  const total = x.data.reduce((a, b) => a + b, 0);
  const factor = total > 0.5 ? 2 : -1;
  const wanted = [0, 1, 2].flatMap((r) =>
    [0, 1, 2].map((c) => [0, 1, 2, 3].reduce((sum, k) => sum + factor * x.data[4 * r + k] * w[3 * k + c], 0)),
  );
  expectClose(await outputs(write(model)), wanted);
});

const calling = (functions: WireMessage<"FunctionProto">[], node: WireMessage<"NodeProto">[]) =>
  encodeMessage("ModelProto", {
    ir_version: 10n,
    opset_import: [
      { domain: "", version: 17n },
      { domain: "own", version: 1n },
    ],
    functions: functions.map((f) =>
      encodeMessage("FunctionProto", { domain: "own", input: ["a"], output: ["b"], ...f }),
    ),
    graph: { node, input: [value("x", "N", 4)], output: [{ name: "y" }] },
  });
const call = (op_type: string, input = ["x"], output = ["y"]) => ({ op_type, domain: "own", input, output });
const inside = (op_type: string) => ({ op_type, domain: "own", input: ["a"], output: ["b"] });

test.each<[string, WireMessage<"FunctionProto">[], WireMessage<"NodeProto">, string]>([
  ["a function that calls itself", [{ name: "F", node: [inside("F")] }], call("F"), "a function calls itself"],
  ["a function twice", [{ name: "F" }, { name: "F" }], call("F"), "a function is defined twice"],
  [
    "a call of too much",
    [{ name: "F", node: [inside("G")] }],
    call("F", ["x", "x"]),
    "a function is called with more than it has",
  ],
  [
    "functions that double many times over",
    Array.from({ length: 30 }, (_, i) => ({
      name: `F${i}`,
      opset_import: [{ domain: "", version: 17n }],
      node:
        i === 29
          ? [{ op_type: "Neg", input: ["a"], output: ["b"] }]
          : [
              { ...inside(`F${i + 1}`), output: ["c"] },
              { ...inside(`F${i + 1}`), input: ["c"] },
            ],
    })),
    call("F0"),
    "the functions of the file are too many nodes",
  ],
  [
    "an opset that is not read",
    [
      {
        name: "F",
        opset_import: [{ domain: "", version: 7n }],
        node: [{ op_type: "Neg", input: ["a"], output: ["b"] }],
      },
    ],
    call("F"),
    "the opset of a function is not supported",
  ],
])("%s is refused", (_, functions, node, what) => {
  expect(messageOf(calling(functions, [node])).split("\n")[0]).toBe(what);
});
