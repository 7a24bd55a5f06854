import { describe, expect, test } from "vitest";
import { messageOf, modelFile, value } from "../../test/support/onnx-files.ts";
import { runOnce } from "../engine/engine.ts";
import { node } from "../engine/node.ts";
import { f32, i64, numbers } from "../graph/tensor.ts";
import type { Attr, Tensor } from "../graph/types.ts";
import { encodeAttribute } from "./attributes.ts";
import { read } from "./read.ts";
import { tensorProto } from "./tensors.ts";
import { write } from "./write.ts";

const engine = node({ threads: 1 });
const x = f32(
  Array.from({ length: 70 }, (_, i) => Math.sin(i)),
  [1, 2, 5, 7],
);

/** A file with one resizing. `wiring` names its inputs; `stored` holds those beside x. */
function file(
  opset: number,
  wiring: string,
  stored: Readonly<Record<string, Tensor>>,
  attrs: Readonly<Record<string, Attr>>,
  op = "Resize",
) {
  const given = Object.entries(attrs).map(([k, a]) => encodeAttribute(k, a, typeof a === "number" ? "int" : undefined));
  const initializer = Object.entries(stored).map(([name, t]) => tensorProto(name, t));
  return modelFile([[op, wiring, "y", given]], { initializer, input: [value("x", 1, 2, 5, 7)] }, opset);
}

async function run(bytes: Uint8Array): Promise<number[]> {
  const session = await engine.load(bytes);
  const { y } = await runOnce(session, engine, { x });
  await session.release();
  return numbers(y as Tensor);
}

const up = f32([1, 1, 2, 1.5]);
const down = f32([1, 1, 0.5, 0.3]);
const none = f32([]);
const files: Record<string, Uint8Array> = {
  "9: Upsample": file(9, "x s", { s: up }, {}, "Upsample"),
  "9: Upsample, linear": file(9, "x s", { s: up }, { mode: "linear" }, "Upsample"),
  "10: larger": file(10, "x s", { s: up }, {}),
  "10: smaller": file(10, "x s", { s: down }, {}),
  "10: linear": file(10, "x s", { s: down }, { mode: "linear" }),
  "11: scales": file(11, "x r s", { r: none, s: up }, { mode: "cubic" }),
  "11: sizes": file(11, "x r s to", { r: none, s: none, to: i64([1, 2, 9, 4]) }, { mode: "linear" }),
  "13: scales": file(13, "x - s", { s: down }, { nearest_mode: "floor", coordinate_transformation_mode: "asymmetric" }),
  "13: sizes": file(13, "x - - to", { to: i64([1, 2, 3, 20]) }, { coordinate_transformation_mode: "align_corners" }),
  "18: axes": file(18, "x - - to", { to: i64([3, 20]) }, { axes: [2, 3], mode: "linear" }),
  "18: not larger": file(
    18,
    "x - - to",
    { to: i64([10, 28]) },
    { axes: [2, 3], keep_aspect_ratio_policy: "not_larger" },
  ),
  "19: half_pixel_symmetric": file(
    19,
    "x - s",
    { s: up },
    { mode: "linear", coordinate_transformation_mode: "half_pixel_symmetric" },
  ),
};

describe("what is written computes what the file does, and reads back equal", () => {
  test.each(Object.entries(files))("%s", async (_, bytes) => {
    const model = read(bytes);
    expect(model.graph.nodes.map((n) => n.op)).toEqual(["Resize"]);
    const written = write(model);
    const again = read(written);
    expect([again.opset, again.graph.nodes]).toEqual([model.opset, model.graph.nodes]);
    expect(await run(written)).toEqual(await run(bytes));
  });
});

const smooth = { antialias: 1, mode: "linear" };
describe("with antialias it is a matrix along each axis, of what ONNX Runtime computes", () => {
  test.each<[string, Uint8Array]>([
    ["linear, by scales", file(18, "x - s", { s: down }, smooth)],
    ["linear, one axis larger", file(18, "x - s", { s: f32([1, 1, 0.6, 1.5]) }, smooth)],
    ["linear, by sizes", file(18, "x - - to", { to: i64([2, 3]) }, { ...smooth, axes: [2, 3] })],
    ["linear, asymmetric", file(18, "x - s", { s: down }, { ...smooth, coordinate_transformation_mode: "asymmetric" })],
    [
      "linear, align_corners",
      file(18, "x - - to", { to: i64([1, 2, 3, 4]) }, { ...smooth, coordinate_transformation_mode: "align_corners" }),
    ],
    [
      "linear, PyTorch's",
      file(18, "x - s", { s: down }, { ...smooth, coordinate_transformation_mode: "pytorch_half_pixel" }),
    ],
    ["cubic", file(18, "x - s", { s: down }, { ...smooth, mode: "cubic" })],
    [
      "cubic, excluding what is outside",
      file(18, "x - s", { s: down }, { ...smooth, mode: "cubic", exclude_outside: 1 }),
    ],
    ["linear, excluding what is outside", file(18, "x - s", { s: down }, { ...smooth, exclude_outside: 1 })],
  ])("%s", async (_, bytes) => {
    const model = read(bytes);
    expect(model.graph.nodes.map((n) => n.op)).not.toContain("Resize");
    const wanted = await run(bytes);
    for (const [i, y] of (await run(write(model))).entries()) expect(y).toBeCloseTo(wanted[i], 5);
  });

  test("at sizes that the file leaves free it is refused", () => {
    const given = Object.entries(smooth).map(([k, a]) =>
      encodeAttribute(k, a, typeof a === "number" ? "int" : undefined),
    );
    const bytes = modelFile(
      [["Resize", "x - s", "y", given]],
      {
        initializer: [tensorProto("s", down)],
        input: [value("x", "N", 2, "H", "W")],
        output: [value("y", "N", 2, "h", "w")],
      },
      18,
    );
    expect(messageOf(bytes).split("\n")[0]).toMatch(/depends on the sizes of the inputs/);
  });
});

test("sizes that follow the batch say nothing of it", () => {
  const bytes = modelFile(
    [
      ["Shape", "x", "s"],
      ["Slice", "s zero two", "nc"],
      ["Concat", "nc hw", "to", [encodeAttribute("axis", 0)]],
      ["Resize", "x - - to", "y"],
    ],
    {
      initializer: [tensorProto("zero", i64([0])), tensorProto("two", i64([2])), tensorProto("hw", i64([10, 7]))],
      input: [value("x", "N", 2, 5, 7)],
      output: [value("y", "N", 2, 10, 7)],
    },
  );
  const { graph } = read(bytes);
  expect(graph.nodes.map((n) => [n.op, n.attrs.axes, n.attrs.sizes])).toEqual([["Resize", [2], [10]]]);
});

test.each([13, 18])("sizes that follow another value are written as that, in opset %i", async (opset) => {
  const bytes = modelFile(
    [
      ["MaxPool", "x", "p", [encodeAttribute("kernel_shape", [2, 2]), encodeAttribute("strides", [2, 2])]],
      ["Shape", "x", "s"],
      ["Slice", "s two four", "hw"],
      ["Shape", "p", "t"],
      ["Slice", "t zero two", "nc"],
      ["Concat", "nc hw", "to", [encodeAttribute("axis", 0)]],
      ["Resize", "p - - to", "up"],
      ["Sub", "x up", "y"],
    ],
    {
      initializer: Object.entries({ zero: 0, two: 2, four: 4 }).map(([name, n]) => tensorProto(name, i64([n]))),
      input: [value("x", "N", 2, "H", "W")],
      output: [value("y", "N", 2, "H", "W")],
    },
    opset,
  );
  const model = read(bytes);
  const written = write(model);
  expect(read(written).graph.nodes).toEqual(model.graph.nodes);
  expect(await run(written)).toEqual(await run(bytes));
});

// ONNX Runtime (1.30) moves a Transpose past a Resize as if it named no axes
test.each(["sizes", "scales"])(
  "behind a Transpose, a file by %s of opset 18 is written so that it runs",
  async (by) => {
    const list = by === "sizes" ? i64([1, 10, 14, 2]) : f32([1, 2, 2, 1]);
    const bytes = modelFile(
      [
        ["Transpose", "x", "t", [encodeAttribute("perm", [0, 2, 3, 1])]],
        ["Resize", by === "sizes" ? "t - - to" : "t - to", "z", [encodeAttribute("mode", "linear")]],
        ["Transpose", "z", "y", [encodeAttribute("perm", [0, 3, 1, 2])]],
      ],
      {
        initializer: [tensorProto("to", list)],
        input: [value("x", 1, 2, 5, 7)],
        output: [value("y", 1, "a", "b", "c")],
      },
      18,
    );
    expect(await run(write(read(bytes)))).toEqual(await run(bytes));
  },
);

test("a size that is there already is the identity", () => {
  const model = read(file(13, "x - - to", { to: i64([1, 2, 5, 7]) }, {}));
  expect(model.graph.nodes.map((n) => n.op)).toEqual(["Identity"]);
});

test.each<[string, Uint8Array]>([
  ["Resize: antialias is not supported so", file(18, "x - s", { s: down }, { antialias: 1 })],
  [
    "Resize: coordinate_transformation_mode has no such value",
    file(
      13,
      "x r s",
      { r: f32([0, 0, 0, 0, 1, 1, 1, 1]), s: up },
      { coordinate_transformation_mode: "tf_crop_and_resize" },
    ),
  ],
  ["Resize: scales or sizes do not fit", file(13, "x - s", { s: f32([2, 2]) }, {})],
  ["Resize: scales or sizes do not fit", file(13, "x", {}, {})],
  [
    "Resize: no scale makes this size",
    file(18, "x - - to", { to: i64([7, 10]) }, { axes: [2, 3], keep_aspect_ratio_policy: "not_larger" }),
  ],
  [
    "Resize: opsets before 11 make no axis larger and another one smaller",
    file(10, "x s", { s: f32([1, 1, 2, 0.5]) }, {}),
  ],
])("%s", (what, bytes) => expect(messageOf(bytes).split("\n")[0]).toBe(what));
