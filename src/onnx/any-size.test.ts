/** Files whose inputs have free sizes: what they compute at any of them, as read, bound, written and read again. */
import { expect, test } from "vitest";
import { modelFile, type NodeText, value } from "../../test/support/onnx-files.ts";
import { runOnce } from "../engine/engine.ts";
import { node } from "../engine/node.ts";
import { bind, sizesOf } from "../graph/bind.ts";
import { f32, i64, size } from "../graph/tensor.ts";
import type { Attr, Tensor } from "../graph/types.ts";
import { encodeAttribute } from "./attributes.ts";
import { readingNotes } from "./notes.ts";
import { read } from "./read.ts";
import { tensorProto } from "./tensors.ts";
import { encode, write } from "./write.ts";

const engine = node({ threads: 1 });
const noise = (...shape: number[]) =>
  f32(
    Array.from({ length: size(shape) }, (_, i) => Math.sin(i * i + 1)),
    shape,
  );
const attrs = (a: Readonly<Record<string, Attr>>) => Object.entries(a).map(([k, v]) => encodeAttribute(k, v));

async function outputs(bytes: Uint8Array, feeds: Readonly<Record<string, Tensor>>) {
  const session = await engine.load(bytes);
  const found = await runOnce(session, engine, feeds);
  await session.release();
  return Object.fromEntries(Object.entries(found).map(([k, { shape, data }]) => [k, { shape: [...shape], data }]));
}

interface Case {
  readonly nodes: readonly NodeText[];
  readonly stored?: Readonly<Record<string, Tensor>>;
  readonly x: readonly (string | number)[];
  readonly y: readonly (string | number)[];
  /** Operators of the graph that is read. */
  readonly reads: string;
  /** Sizes to try. */
  readonly at: readonly Readonly<Record<string, number>>[];
}

const lengthOf = (axis: number, as: string): NodeText[] => [
  ["Shape", "x", `${as}.shape`],
  ["Gather", `${as}.shape at${axis}`, as, attrs({ axis: 0 })],
];
const indices = { at0: i64([0]), at1: i64([1]), at2: i64([2]), at3: i64([3]) };

const cases: Readonly<Record<string, Case>> = {
  "a class token for each sample": {
    nodes: [
      ...lengthOf(0, "b"),
      ["Concat", "b one", "want", attrs({ axis: 0 })],
      ["Expand", "token want", "tokens"],
      ["Concat", "tokens x", "y", attrs({ axis: 1 })],
    ],
    stored: { ...indices, one: i64([1, 4]), token: noise(1, 1, 4) },
    x: ["N", 3, 4],
    y: ["N", 4, 4],
    reads: "Expand Concat",
    at: [{ N: 1 }, { N: 4 }],
  },
  "positions as far as the sequence goes": {
    nodes: [...lengthOf(1, "s"), ["Slice", "table zero s at0", "positions"], ["Add", "x positions", "y"]],
    stored: { ...indices, zero: i64([0]), table: noise(24, 4) },
    x: ["batch", "time", 4],
    y: ["batch", "time", 4],
    reads: "Slice Add",
    at: [
      { batch: 2, time: 5 },
      { batch: 3, time: 24 },
    ],
  },
  "samples and heads on one axis": {
    nodes: [
      ...lengthOf(0, "b"),
      ...lengthOf(1, "s"),
      ["Mul", "b two", "bh"],
      ["MatMul", "x w", "h"],
      ["Reshape", "h split", "heads"],
      ["Transpose", "heads", "first", attrs({ perm: [0, 2, 1, 3] })],
      ["Concat", "bh s three", "merged", attrs({ axis: 0 })],
      ["Reshape", "first merged", "y"],
    ],
    stored: { ...indices, two: i64([2]), three: i64([3]), split: i64([0, 0, 2, 3]), w: noise(4, 6) },
    x: ["batch", "time", 4],
    y: ["heads", "time", 3],
    reads: "MatMul Reshape Transpose Reshape",
    at: [
      { batch: 2, time: 5 },
      { batch: 3, time: 1 },
    ],
  },
  "a window no larger than the image": {
    nodes: [
      ...lengthOf(2, "h"),
      ...lengthOf(3, "w"),
      ["Min", "h w", "least"],
      ["Div", "least two", "half"],
      ["Concat", "half half", "ends", attrs({ axis: 0 })],
      ["Slice", "x starts ends axes", "y"],
    ],
    stored: { ...indices, two: i64([2]), starts: i64([0, 0]), axes: i64([2, 3]) },
    x: ["N", 3, "height", "width"],
    y: ["N", 3, "half", "half"],
    reads: "Slice",
    at: [
      { N: 1, height: 9, width: 20 },
      { N: 2, height: 30, width: 6 },
    ],
  },
};

const fileOf = ({ nodes, stored = {}, x, y }: Case): Uint8Array =>
  modelFile(nodes, {
    input: [value("x", ...x)],
    output: [value("y", ...y)],
    initializer: Object.entries(stored).map(([name, t]) => tensorProto(name, t)),
  });

for (const [name, one] of Object.entries(cases))
  test(name, async () => {
    const bytes = fileOf(one);
    const model = read(bytes);
    expect(model.graph.nodes.map((n) => n.op).join(" ")).toBe(one.reads);
    const written = write(model);
    const again = read(written);
    expect(again.graph.nodes).toEqual(model.graph.nodes);
    expect(write(again)).toEqual(written);
    for (const sizes of one.at) {
      const x = noise(...one.x.map((d) => (typeof d === "string" ? sizes[d] : d)));
      const wanted = await outputs(bytes, { x });
      expect(await outputs(encode(bind(model, sizes)), { x })).toEqual(wanted);
      expect(await outputs(written, { x })).toEqual(wanted);
    }
  });

test("free sizes have names, and others are refused", () => {
  const model = read(fileOf(cases["a window no larger than the image"]));
  expect(sizesOf(model)).toEqual(
    new Map([
      ["N", 1],
      ["height", 32],
      ["width", 64],
    ]),
  );
  expect(bind(model, { height: 7 }).outputs[0].shape).toEqual([1, 3, 3, 3]);
  expect(() => bind(model, { hight: 7 })).toThrow("did you mean height?");
  expect(() => bind(model, { height: 0 })).toThrow("height is no size");
});

test("an output without elements is declared so, and stays so", () => {
  const nodes: NodeText[] = [["Slice", "x zero zero at1", "y"]];
  const bytes = fileOf({ nodes, stored: { ...indices, zero: i64([0]) }, x: ["N", 4], y: ["N", 0], reads: "", at: [] });
  const model = read(bytes);
  expect(model.dims.get("y")).toEqual(["N", 0]);
  expect(write(read(write(model)))).toEqual(write(model));
});

test("lengths of other names that only fit when they are equal are one length, which stays free", async () => {
  const file = modelFile([["Mul", "x mask", "out"]], {
    input: [value("x", "batch", "s70"), value("mask", "batch", "s53")],
    output: [{ name: "out" }],
  });
  expect(read(write(read(file))).dims.get("mask")).toEqual(["batch", "s53"]); // as the file says
  const { inputs, outputs } = bind(read(file), { batch: 2, s70: 5 });
  expect([...inputs, ...outputs].map(({ shape }) => shape)).toEqual([
    [2, 5],
    [2, 5],
    [2, 5],
  ]);
});

test("a length that is written into a file holds, whatever it declares", () => {
  const nodes: NodeText[] = [
    ...lengthOf(0, "b"),
    ["Concat", "eight b two", "to", attrs({ axis: 0 })],
    ["Reshape", "x to", "y"],
  ];
  const stored = { ...indices, eight: i64([8]), two: i64([2]) };
  const model = read(fileOf({ nodes, stored, x: ["N", "time", 2], y: ["time", "N", 2], reads: "", at: [] }));
  expect(model.graph.inputs[0].shape).toEqual([1, 8, 2]);
  expect(readingNotes(model).join()).toContain(
    "x declares its axis 1 free (time), but the file is true at a length of 8 only",
  );
});

test("an input that is an output too is declared as the input", () => {
  const bytes = modelFile([["Relu", "x", "y"]], {
    input: [value("x", 2, 4)],
    output: [value("x", "N", 4), value("y", 2, 4)],
  });
  const model = read(bytes);
  expect(model.dims.get("x")).toEqual([2, 4]);
  expect(write(read(write(model)))).toEqual(write(model));
});
