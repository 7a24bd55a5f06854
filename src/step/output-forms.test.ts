/** A loss that takes softmax or sigmoid itself is taken of what the model's own probabilities say, or refused. */
import { describe, expect, test } from "vitest";
import { sketch } from "../../test/support/small-models.ts";
import { fromArrays } from "../data/dataset.ts";
import { take } from "../engine/engine.ts";
import { node } from "../engine/node.ts";
import type { Builder } from "../graph/builder.ts";
import { f32, tensor } from "../graph/tensor.ts";
import type { Model, Value } from "../graph/types.ts";
import { write } from "../onnx/write.ts";
import { evaluate } from "../train/evaluate.ts";
import { binaryCrossEntropy, crossEntropy, lossInput, meanSquaredError } from "./loss.ts";

const engine = node({ threads: 1 });
const [COUNT, INPUTS, K] = [7, 4, 3];
const x = Float32Array.from({ length: COUNT * INPUTS }, (_, i) => Math.sin(i * 1.7));
const labels = Array.from({ length: COUNT }, (_, i) => (i * 2) % K);
const targets = Array.from({ length: COUNT }, (_, i) => Array.from({ length: K }, (_, k) => ((i + k) % 3) / 2));
const held = { x, y: labels };

/** A linear model with this end; the end sees logits [N, K]. */
const model = (end: (g: Builder, logits: Value) => Value): Model =>
  sketch([INPUTS], ({ g, x, fc }) => end(g, g.Identity(fc(x, "w", K))));

/** The model's own output for the samples. */
async function outputs(of: Model): Promise<number[]> {
  const session = await engine.load(write(of));
  const out = await session.run({ x: engine.upload(tensor("float32", [COUNT, INPUTS], x)) });
  await session.release();
  return Array.from((await take(engine, out["y"])).data as Float32Array);
}
const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;

/** Ends whose output is the probabilities of classes, and what makes such of their output. */
const softmaxes: readonly [string, (g: Builder, z: Value) => Value, ((y: number) => number)?][] = [
  ["Softmax", (g, z) => g.Softmax(z)],
  ["LogSoftmax", (g, z) => g.LogSoftmax(z), Math.exp],
  ["Identity", (g, z) => g.Identity(g.Identity(g.Softmax(z)))],
  ["Dropout", (g, z) => g.Dropout(g.Softmax(z))],
  ["Cast", (g, z) => g.Cast(g.Cast(g.Softmax(z), { to: "float64" }), { to: "float32" })],
  ["Cast before", (g, z) => g.Cast(g.Softmax(g.Cast(z, { to: "float64" })), { to: "float32" })],
  ["Clip", (g, z) => g.Clip(g.Softmax(z), { min: 0, max: 1 })],
  ["Relu", (g, z) => g.Relu(g.Softmax(z))],
  ["Log", (g, z) => g.Log(g.Softmax(z)), Math.exp],
  ["Exp", (g, z) => g.Exp(g.LogSoftmax(z))],
  ["Clip of logarithms", (g, z) => g.Clip(g.LogSoftmax(z), { max: 0 }), Math.exp],
  ["division by 1", (g, z) => g.Div(g.Mul(1, g.Softmax(z)), 1)],
  ["addition of 0", (g, z) => g.Sub(g.Add(g.Softmax(z), 0), 0)],
  ["an axis more", (g, z) => g.Squeeze(g.Softmax(g.Unsqueeze(z, { axes: [2, 3] }), { axis: 1 }), { axes: [2, 3] })],
  ["Flatten", (g, z) => g.Flatten(g.Softmax(g.Unsqueeze(z, { axes: [2] }), { axis: -2 }))],
  ["Reshape", (g, z) => g.Reshape(g.Softmax(g.Reshape(z, { shape: [0, 1, 3] })), { shape: [0, 3] })],
  ["Transpose", (g, z) => g.Flatten(g.Transpose(g.Softmax(g.Unsqueeze(z, { axes: [1] })), { perm: [0, 2, 1] }))],
  ["written out", (g, z) => ((e) => g.Div(e, g.ReduceSum(e, { axes: [-1] })))(g.Exp(z))],
  ["twice", (g, z) => g.Softmax(g.Softmax(z))],
];

describe("cross-entropy is that of the model's own probabilities", () => {
  test.each(softmaxes)("%s", async (_, end, probability = (y: number) => y) => {
    const m = model(end);
    const y = await outputs(m);
    const wanted = mean(labels.map((label, i) => -Math.log(probability(y[i * K + label]))));
    const data = fromArrays(x, labels, { shape: [INPUTS], test: held });
    const { loss } = await evaluate(m, data, { engine });
    expect(loss).toBeCloseTo(wanted, 5);
    expect(lossInput(m.graph, crossEntropy()).note).toMatch(/^output y is a .*: cross-entropy uses its input \S+$/);
  });
});

const sigmoids: readonly [string, (g: Builder, z: Value) => Value][] = [
  ["Sigmoid", (g, z) => g.Sigmoid(z)],
  ["Identity", (g, z) => g.Identity(g.Sigmoid(z))],
  ["Clip", (g, z) => g.Clip(g.Sigmoid(z), { min: -1, max: 2 })],
  ["an axis more", (g, z) => g.Flatten(g.Sigmoid(g.Unsqueeze(z, { axes: [2] })))],
];
describe("binary cross-entropy is that of the model's own probabilities", () => {
  test.each(sigmoids)("%s", async (_, end) => {
    const m = model(end);
    const y = await outputs(m);
    const wanted = mean(targets.flat().map((t, i) => -t * Math.log(y[i]) - (1 - t) * Math.log(1 - y[i])));
    const data = fromArrays(x, targets, { shape: [INPUTS], test: { x, y: targets }, classes: null });
    expect((await evaluate(m, data, { engine, loss: binaryCrossEntropy() })).loss).toBeCloseTo(wanted, 5);
    expect(lossInput(m.graph, binaryCrossEntropy()).note).toContain("binary cross-entropy uses its input");
  });
});

test("the loss of logits is as it was, also behind a layer that reads probabilities", () => {
  for (const end of [
    (_: Builder, z: Value) => z,
    (g: Builder, z: Value) => g.Relu(z),
    (g: Builder, z: Value) => g.MatMul(g.Softmax(z), g.initializer("m", f32(new Array(9).fill(1), [K, K]))),
    (g: Builder, z: Value) => g.Mul(g.Sigmoid(z), z),
    (g: Builder, z: Value) => g.Mul(g.Softmax(z), g.initializer("scale", f32([1, 2, 3]))),
  ])
    for (const loss of [crossEntropy(), binaryCrossEntropy(), meanSquaredError()]) {
      const { graph } = model(end);
      expect(lossInput(graph, loss)).toEqual({ output: graph.outputs[0], from: graph.outputs[0] });
    }
});

describe("refused, with what would help", () => {
  const [ce, bce] = [crossEntropy(), binaryCrossEntropy()];
  test.each<[string, typeof ce, (g: Builder, z: Value) => Value, RegExp]>([
    ["a sigmoid with cross-entropy", ce, (g, z) => g.Identity(g.Sigmoid(z)), /got +Sigmoid, then Identity/],
    ["a softmax with binary cross-entropy", bce, (g, z) => g.Softmax(z), /wanted +logits, or Sigmoid of them/],
    ["a softmax over the samples", ce, (g, z) => g.Softmax(z, { axis: 0 }), /over the classes/],
    [
      "a softmax over parts of the classes",
      ce,
      (g, z) => g.Flatten(g.Softmax(g.Unsqueeze(z, { axes: [2] }))),
      /output/,
    ],
    ["percent", ce, (g, z) => g.Mul(g.Softmax(z), 100), /Softmax, then Mul/],
    ["a division", ce, (g, z) => g.Div(g.Softmax(z), 2), /Softmax, then Div/],
    ["a reciprocal", ce, (g, z) => g.Div(1, g.Softmax(z)), /Softmax, then Div/],
    ["a clip that cuts", ce, (g, z) => g.Clip(g.Softmax(z), { min: 1e-3, max: 1 }), /Softmax, then Clip/],
    ["a clip of logarithms", ce, (g, z) => g.Clip(g.LogSoftmax(z), { min: -5 }), /LogSoftmax, then Clip/],
    ["an average of two", ce, (g, z) => g.Mean([g.Softmax(z), g.Softmax(g.Neg(z))]), /Mean/],
    ["a turned order", ce, (g, z) => g.Transpose(g.Softmax(z), { perm: [1, 0] }), /Transpose/],
    ["a part of it", ce, (g, z) => g.Concat([g.Softmax(z), g.Softmax(z)], { axis: 1 }), /Concat/],
    ["a hard sigmoid", bce, (g, z) => g.HardSigmoid(z), /got +HardSigmoid/],
    [
      "logarithms of a sigmoid",
      bce,
      (g, z) => g.Neg(g.Log(g.Sigmoid(z))),
      /Sigmoid, then Log, Neg|Sigmoid, then Log, then Neg/,
    ],
  ])("%s", (_, loss, end, said) => {
    const { graph } = model(end);
    expect(() => lossInput(graph, loss)).toThrow(said);
    expect(() => lossInput(graph, loss)).toThrow(/fix +export the model up to \S+, or with that as an output/);
    expect(lossInput(graph, meanSquaredError()).from).toBe(graph.outputs[0]);
  });
});
