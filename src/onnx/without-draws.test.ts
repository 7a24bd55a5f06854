/** Masks that a file of training draws are their means in evaluation. */
import { expect, test } from "vitest";
import { attrsOf, messageOf, modelFile, type NodeText } from "../../test/support/onnx-files.ts";
import { numbers, tensor } from "../graph/tensor.ts";
import { encodeAttribute } from "./attributes.ts";
import { evaluatedFile } from "./evaluated-file.ts";
import { readingNotes } from "./notes.ts";
import { read } from "./read.ts";
import { tensorProto } from "./tensors.ts";
import { decode } from "./wire.ts";

const one = (name: string, x: number) => tensorProto(name, tensor("float32", [], Float32Array.of(x)));
const initializer = [one("keep", 0.8), one("zero", 0), one("drop", 0.2)];
const draw: NodeText = ["RandomUniformLike", "x", "u", [encodeAttribute("dtype", 1, "int")]];
const float = [encodeAttribute("to", 1, "int")];
const file = (...nodes: NodeText[]) => modelFile(nodes, { initializer });

/** Nodes that are left, and what they multiply by. */
function left(bytes: Uint8Array): readonly (string | number)[] {
  const { graph } = read(bytes);
  const inputs = new Set(graph.nodes.flatMap((n) => n.inputs));
  const stored = [...graph.initializers].flatMap(([v, t]) => (inputs.has(v) ? numbers(t) : []));
  return [...graph.nodes.map((n) => n.op), ...stored.map((x) => Number(x.toPrecision(3)))];
}

const lessThanKeep: NodeText[] = [draw, ["Less", "u keep", "c"], ["Cast", "c", "m", float]];

test.each<[string, NodeText[], (string | number)[]]>([
  ["stochastic depth", [...lessThanKeep, ["Div", "m keep", "f"], ["Mul", "x f", "y"]], ["Identity"]],
  [
    "a drop of more than the rest",
    [draw, ["Greater", "u drop", "c"], ["Cast", "c", "m", float], ["Div", "m keep", "f"], ["Mul", "f x", "y"]],
    ["Identity"],
  ],
  [
    "a mask that is floored",
    [draw, ["Add", "keep u", "k"], ["Floor", "k", "m"], ["Div", "x keep", "h"], ["Mul", "h m", "y"]],
    ["Div", "Mul", 0.8, 0.8],
  ],
  ["nothing made up for", [...lessThanKeep, ["Mul", "x m", "y"]], ["Mul", 0.8]],
  [
    "a choice",
    [draw, ["Less", "u drop", "c"], ["Where", "c zero x", "h"], ["Div", "h keep", "y"]],
    ["Mul", "Div", 0.8, 0.8],
  ],
  [
    "a Bernoulli",
    [
      ["Bernoulli", "keep", "m"],
      ["Div", "m keep", "f"],
      ["Mul", "x f", "y"],
    ],
    ["Identity"],
  ],
])("%s", (_, nodes, wanted) => {
  const bytes = file(...nodes);
  expect(left(bytes)).toEqual(wanted);
  const ops = decode("ModelProto", evaluatedFile(bytes)).graph!.node!.map((n) => n.op_type);
  expect(ops).toEqual(expect.arrayContaining(wanted.filter((x) => typeof x === "string")));
});

test("it is said", () => {
  const [note] = readingNotes(read(file(...lessThanKeep, ["Div", "m keep", "f"], ["Mul", "x f", "y"])));
  expect(note).toMatchInlineSnapshot(
    `"the file draws what it keeps, as stochastic depth and dropout do in training (with probability, y: 0.8); it is read, and written again, as in evaluation: with the mean of each mask"`,
  );
});

test("other draws are refused by name", () => {
  expect(messageOf(file(draw, ["Add", "x u", "y"]))).toMatchInlineSnapshot(`
    "RandomUniformLike makes random numbers, as only training does
      node      u
      output    u
      declared  x [N, 4]
      tried     N 2, 3, 5
      fix       export the model for evaluation: model.eval(), and TrainingMode.EVAL for torch.onnx.export"
  `);
  expect(messageOf(file(["RandomNormalLike", "x", "u", float], ["Mul", "x u", "y"])).split("\n")[0]).toBe(
    "RandomNormalLike makes random numbers, as only training does",
  );
});

test("numbers of a mask that are not known stay", () => {
  expect(attrsOf(read(file(["Relu", "x", "y"])), "Relu")).toHaveLength(1);
  expect(
    messageOf(file(draw, ["Less", "u x", "c"], ["Cast", "c", "m", float], ["Mul", "x m", "y"])).split("\n")[0],
  ).toBe("RandomUniformLike makes random numbers, as only training does");
});
