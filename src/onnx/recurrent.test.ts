/** Recurrent layers in files. */
import { expect, test } from "vitest";
import { stored } from "../../test/support/one-node-file.ts";
import { modelFile, value } from "../../test/support/onnx-files.ts";
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
  expect(node.outputs.map((o) => o!.shape)).toEqual([
    [5, 1, 1, 2],
    [1, 1, 2],
    [1, 1, 2],
  ]);
  expect(node.outputs.slice(1).map((o) => o!.name)).toEqual(["h", "c"]);
});

test("a layer is written as it was read", () => {
  const model = read(file(" h"));
  const again = read(write(model));
  expect(again.graph.nodes).toEqual(model.graph.nodes);
});
