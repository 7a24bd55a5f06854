/** Files with quantized numbers are read as floats, for training. */
import { expect, test } from "vitest";
import { modelFile, type NodeText, value } from "../../test/support/onnx-files.ts";
import { runOnce } from "../engine/engine.ts";
import { node } from "../engine/node.ts";
import { roles } from "../graph/roles.ts";
import { f32, full, numbers, tensor } from "../graph/tensor.ts";
import type { Tensor } from "../graph/types.ts";
import { Random } from "../math/random.ts";
import { encodeAttribute } from "./attributes.ts";
import { readingNotes } from "./notes.ts";
import { read } from "./read.ts";
import { tensorProto } from "./tensors.ts";
import { write } from "./write.ts";

const random = new Random(4, "verify");
const int8 = (...shape: number[]): Tensor => {
  const n = shape.reduce((a, b) => a * b, 1);
  return tensor(
    "int8",
    shape,
    Int8Array.from({ length: n }, () => Math.round(random.uniform() * 200 - 100)),
  );
};
const byte = (x: number) => tensor("uint8", [], Uint8Array.of(x));
const one = (x: number) => full([], x);

const stored: Readonly<Record<string, Tensor>> = {
  "conv.weight_q": int8(4, 3, 3, 3),
  "conv.weight_s": f32([0.01, 0.004, 0.02, 0.008]),
  "conv.weight_z": tensor("int8", [4], new Int8Array(4)),
  "conv.bias_q": tensor("int32", [4], Int32Array.of(500, -300, 0, 1000)),
  "conv.bias_s": f32([0.0001, 0.00004, 0.0002, 0.00008]),
  "fc.weight_q": int8(16, 3),
  "fc.weight_s": one(0.01),
  in_s: one(0.02),
  in_z: byte(128),
  act_s: one(0.03),
  act_z: byte(0),
};
const axis = [encodeAttribute("axis", 0, "int")];

/** A quantizer took the Relu out: rounding to what is not below 0 does it. */
const nodes: NodeText[] = [
  ["QuantizeLinear", "x in_s in_z", "x_q"],
  ["DequantizeLinear", "x_q in_s in_z", "x_f"],
  ["DequantizeLinear", "conv.weight_q conv.weight_s conv.weight_z", "conv.weight", axis],
  ["DequantizeLinear", "conv.bias_q conv.bias_s", "conv.bias", axis],
  ["Conv", "x_f conv.weight conv.bias", "c"],
  ["QuantizeLinear", "c act_s act_z", "c_q"],
  ["DequantizeLinear", "c_q act_s act_z", "c_f"],
  ["Flatten", "c_f", "flat"],
  ["DequantizeLinear", "fc.weight_q fc.weight_s", "fc.weight"],
  ["MatMul", "flat fc.weight", "y"],
];
const file = modelFile(nodes, {
  input: [value("x", "N", 3, 4, 4)],
  output: [value("y", "N", 3)],
  initializer: Object.entries(stored).map(([name, t]) => tensorProto(name, t)),
});

const engine = node({ threads: 1 });
const feeds = {
  x: tensor(
    "float32",
    [2, 3, 4, 4],
    Float32Array.from({ length: 96 }, () => random.normal()),
  ),
};
async function outputOf(bytes: Uint8Array): Promise<readonly number[]> {
  const session = await engine.load(bytes);
  const { y } = await runOnce(session, engine, feeds);
  await session.release();
  return numbers(y as Tensor);
}

test("stored integers are the floats that they mean, and learn; roundings go", async () => {
  const model = read(file);
  expect(model.graph.nodes.map((n) => n.op)).toEqual(["Identity", "Conv", "Clip", "Flatten", "MatMul"]);
  const learned = [...roles(model.graph)].flatMap(([v, { learns }]) => (learns ? [v.name] : []));
  expect(learned.sort()).toEqual(["conv.bias", "conv.weight", "fc.weight"]);
  const [wanted, got] = [await outputOf(file), await outputOf(write(model))];
  const most = Math.max(...wanted.map(Math.abs));
  expect(Math.max(...wanted.map((w, i) => Math.abs(w - got[i]))) / most).toBeLessThan(0.05);
  expect(wanted).not.toEqual(got);
});

test("it is said", () => {
  const model = read(file);
  expect(readingNotes(model)).toEqual([
    "the file is quantized (3 stored tensors, 2 values between operators); it is read, and written again, in floats: what it computes differs by what the file rounds",
  ]);
  expect(readingNotes(read(write(model)))).toEqual([]);
});

test("weights that a file rounds as it runs are read as they are; integers that come from elsewhere stay", () => {
  const rounded: NodeText[] = [
    ["QuantizeLinear", "w s z", "w_q"],
    ["DequantizeLinear", "w_q s z", "w_f"],
    ["MatMul", "x w_f", "y"],
  ];
  const initializer = [tensorProto("w", full([4, 4], 1)), tensorProto("s", one(0.1)), tensorProto("z", byte(0))];
  const model = read(modelFile(rounded, { initializer }));
  expect(model.graph.nodes.map((n) => n.op)).toEqual(["Identity", "MatMul"]);
  const given: NodeText[] = [["DequantizeLinear", "i s z", "y"]];
  const i = value("i", "N", 4);
  const input = [{ ...i, type: { tensor_type: { ...i.type!.tensor_type, elem_type: 2 } } }];
  const kept = read(modelFile(given, { input, initializer: initializer.slice(1) }));
  expect(kept.graph.nodes.map((n) => n.op)).toEqual(["DequantizeLinear"]);
});
