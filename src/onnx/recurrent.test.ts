/** Recurrent layers in files. */
import { expect, test } from "vitest";
import { stored } from "../../test/support/one-node-file.ts";
import { modelFile, value } from "../../test/support/onnx-files.ts";
import { full, i64 } from "../graph/tensor.ts";
import { encodeAttribute } from "./attributes.ts";
import { read } from "./read.ts";
import { tensorProto } from "./tensors.ts";
import { write } from "./write.ts";

const file = (outputs: string, opset = 17) =>
  modelFile(
    [["LSTM", "x w r", outputs, [encodeAttribute("hidden_size", 2, "int")]]],
    {
      input: [value("x", 5, "N", 3)],
      initializer: [tensorProto("w", stored(1, 8, 3)), tensorProto("r", stored(1, 8, 2))],
      output: outputs.split(" ").flatMap((o) => (o ? [value(o, 1, "N", 2)] : [])),
    },
    opset,
  );

test("an output that comes before those that are wanted may be absent", () => {
  const [node] = read(file(" h c")).graph.nodes;
  expect(node.outputs.map((o) => o!.shape.length)).toEqual([4, 3, 3]);
  expect(node.outputs.slice(1).map((o) => o!.name)).toEqual(["h", "c"]);
});

test("a layer is written as it was read", () => {
  const model = read(file(" h"));
  const again = read(write(model));
  expect(again.graph.nodes).toEqual(model.graph.nodes);
});

test("a start of zeros, as many as there are samples, is no start; one of other numbers is", () => {
  const list = (name: string, ...data: number[]) => tensorProto(name, i64(data));
  const from = (filling: number) =>
    modelFile(
      [
        ["Shape", "x", "sizes"],
        ["Slice", "sizes one two", "samples"],
        ["Concat", "one samples two", "dims", [encodeAttribute("axis", 0, "int")]],
        ["ConstantOfShape", "dims", "start", [encodeAttribute("value", full([1], filling), "tensor")]],
        ["GRU", "x w r - - start", "y", [encodeAttribute("hidden_size", 2, "int")]],
      ],
      {
        input: [value("x", 5, "N", 3)],
        initializer: [
          tensorProto("w", stored(1, 6, 3)),
          tensorProto("r", stored(1, 6, 2)),
          list("one", 1),
          list("two", 2),
        ],
        output: [{ name: "y" }],
      },
    );
  const [zero, other] = [0, 1].map((v) => read(from(v)).graph.nodes.map((n) => [n.op, n.inputs.length]));
  expect(zero).toEqual([["GRU", 3]]);
  expect(other).toContainEqual(["GRU", 6]);
});
