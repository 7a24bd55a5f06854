/** Files of one node: what is written computes, by the runtime, what the file does, and reads back equal. */
import { expect, test } from "vitest";
import { modelFile, value } from "../../test/support/onnx-files.ts";
import { runOnce } from "../engine/engine.ts";
import { node } from "../engine/node.ts";
import { f32, i64, numbers, size, tensor } from "../graph/tensor.ts";
import type { Attr, Shape, Tensor } from "../graph/types.ts";
import { encodeAttribute } from "./attributes.ts";
import { read } from "./read.ts";
import { tensorProto } from "./tensors.ts";
import { write } from "./write.ts";

const engine = node({ threads: 1 });

interface One {
  readonly opset: number;
  readonly op: string;
  /** Names of its inputs: x, or one of `stored`. */
  readonly wiring: string;
  readonly shape: Shape;
  readonly stored?: Readonly<Record<string, Tensor>>;
  readonly attrs?: Readonly<Record<string, Attr>>;
  /** The operators that it reads as, where that is not itself. */
  readonly becomes?: readonly string[];
}

const scalar = (x: number) => f32([x], []);
const i32 = (x: number) => tensor("int32", [], Int32Array.of(x));
const cases: readonly One[] = [
  { opset: 14, op: "Trilu", wiring: "x", shape: [2, 3, 4] },
  { opset: 17, op: "Trilu", wiring: "x k", shape: [3, 4], stored: { k: i64([-1], []) }, attrs: { upper: 0 } },
  { opset: 11, op: "GatherND", wiring: "x i", shape: [3, 4], stored: { i: i64([2, 0, 1, 3], [2, 2]) } },
  {
    opset: 12,
    op: "GatherND",
    wiring: "x i",
    shape: [2, 4],
    stored: { i: i64([2, 0], [2, 1]) },
    attrs: { batch_dims: 1 },
  },
  {
    opset: 18,
    op: "GroupNormalization",
    wiring: "x s b",
    shape: [2, 6, 3],
    stored: { s: f32([1, -2]), b: f32([0.5, 0.25]) },
    attrs: { num_groups: 2 },
    becomes: ["Reshape", "InstanceNormalization", "Reshape"],
  },
  {
    opset: 21,
    op: "GroupNormalization",
    wiring: "x s b",
    shape: [2, 4, 3],
    stored: { s: f32([1, -2, 3, 0]), b: f32([0.5, 0.25, 0, 1]) },
    attrs: { num_groups: 2 },
  },
  { opset: 23, op: "RMSNormalization", wiring: "x s", shape: [2, 3], stored: { s: f32([1, -2, 3]) } },
  { opset: 9, op: "LpNormalization", wiring: "x", shape: [2, 3], attrs: { axis: 0 } },
  { opset: 9, op: "LRN", wiring: "x", shape: [1, 4, 2, 2], attrs: { size: 3 } },
  { opset: 13, op: "MeanVarianceNormalization", wiring: "x", shape: [2, 3, 2, 2] },
  {
    opset: 11,
    op: "LpPool",
    wiring: "x",
    shape: [1, 2, 5, 4],
    attrs: { kernel_shape: [2, 2], auto_pad: "SAME_UPPER" },
  },
  { opset: 18, op: "LpPool", wiring: "x", shape: [1, 2, 6], attrs: { kernel_shape: [2], dilations: [2] } },
  { opset: 9, op: "GlobalLpPool", wiring: "x", shape: [1, 2, 3], attrs: { p: 1 } },
  {
    opset: 18,
    op: "Col2Im",
    wiring: "x image block",
    shape: [1, 8, 6],
    stored: { image: i64([3, 4]), block: i64([2, 2]) },
  },
  {
    opset: 16,
    op: "GridSample",
    wiring: "x at",
    shape: [1, 2, 3, 4],
    stored: { at: f32([0, 0.3, -2, 0.5], [1, 1, 2, 2]) },
    attrs: { mode: "bicubic" },
  },
  { opset: 16, op: "GridSample", wiring: "x at", shape: [1, 2, 3, 4], stored: { at: f32([0.1, 0.3], [1, 1, 1, 2]) } },
  { opset: 20, op: "GridSample", wiring: "x at", shape: [1, 1, 3, 4], stored: { at: f32([0.1, 0.3], [1, 1, 1, 2]) } },
];

const bytesOf = ({ opset, op, wiring, shape, stored = {}, attrs = {} }: One): Uint8Array => {
  const given = Object.entries(attrs).map(([k, a]) => encodeAttribute(k, a));
  const initializer = Object.entries(stored).map(([name, t]) => tensorProto(name, t));
  return modelFile([[op, wiring, "y", given]], { initializer, input: [value("x", ...shape)] }, opset);
};

async function run(bytes: Uint8Array, shape: Shape): Promise<number[]> {
  const session = await engine.load(bytes);
  const x = f32(
    Array.from({ length: size(shape) }, (_, i) => Math.sin(i)),
    shape,
  );
  const { y } = await runOnce(session, engine, { x });
  await session.release();
  return numbers(y as Tensor);
}

test.each(cases)("$op of opset $opset", async (c) => {
  const bytes = bytesOf(c);
  const model = read(bytes);
  expect(model.graph.nodes.map((n) => n.op)).toEqual(c.becomes ?? [c.op]);
  const written = write(model);
  const again = read(written);
  expect([again.opset, again.graph.nodes]).toEqual([model.opset, model.graph.nodes]);
  const [wanted, got] = [await run(bytes, c.shape), await run(written, c.shape)];
  expect(got.length).toBe(wanted.length);
  for (const [i, w] of wanted.entries()) expect(Math.abs(got[i] - w)).toBeLessThan(1e-6 * Math.max(1, Math.abs(w)));
});

test.each([
  ["int64", i64([1], []), i64([12], []), i64([3], [])],
  ["int32", i32(10), i32(0), i32(-4)],
  ["float32", scalar(0.5), scalar(2.25), scalar(0.25)],
] as const)("a Range of %s keeps its type", async (dtype, start, limit, delta) => {
  const to = dtype === "float32" ? "Identity" : "Cast";
  const stored = Object.entries({ start, limit, delta }).map(([name, t]) => tensorProto(name, t));
  const bytes = modelFile(
    [
      ["Range", "start limit delta", "r"],
      [to, "r", "f", to === "Cast" ? [encodeAttribute("to", 1)] : []],
      ["Add", "f x", "y"],
    ],
    { initializer: stored, input: [value("x", 1)] },
  );
  const model = read(bytes);
  const range = model.graph.nodes.find((n) => n.op === "Range")!;
  expect(range.outputs[0]!.dtype).toBe(dtype);
  expect(read(write(model)).graph.nodes).toEqual(model.graph.nodes);
  expect(await run(write(model), [1])).toEqual(await run(bytes, [1]));
});

test("a Range that ends where an input does", async () => {
  const stored = { zero: i64([0], []), one: i64([1], []), table: f32([5, 4, 3, 2, 1, 0], [6]) };
  const bytes = modelFile(
    [
      ["Shape", "x", "s"],
      ["Gather", "s one", "length"],
      ["Range", "zero length one", "positions"],
      ["Gather", "table positions", "embedded"],
      ["Add", "x embedded", "y"],
    ],
    {
      initializer: Object.entries(stored).map(([name, t]) => tensorProto(name, t)),
      input: [value("x", "N", "T")],
      output: [value("y", "N", "T")],
    },
  );
  const model = read(bytes);
  const written = write(model);
  expect(read(written).graph.nodes).toEqual(model.graph.nodes);
  for (const shape of [
    [1, 4],
    [3, 6],
  ])
    expect(await run(written, shape)).toEqual(await run(bytes, shape));
});
