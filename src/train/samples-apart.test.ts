/** Files that were made for one sample, trained with several. */
import { expect, test } from "vitest";
import { modelFile, type NodeText, value } from "../../test/support/onnx-files.ts";
import { fromArrays } from "../data/dataset.ts";
import { node } from "../engine/node.ts";
import { atBatch } from "../graph/bind.ts";
import { f32, i64, size } from "../graph/tensor.ts";
import type { Attr, Model, Tensor } from "../graph/types.ts";
import { encodeAttribute } from "../onnx/attributes.ts";
import { read } from "../onnx/read.ts";
import { tensorProto } from "../onnx/tensors.ts";
import { write } from "../onnx/write.ts";
import { constant } from "../optim/schedule.ts";
import { sgd } from "../optim/sgd.ts";
import { checkSamplesApart } from "./samples-apart.ts";
import { train } from "./train.ts";

const engine = node({ threads: 1 });
const noise = (...shape: number[]) =>
  f32(
    Array.from({ length: size(shape) }, (_, i) => Math.sin(i * i + 1)),
    shape,
  );
const attrs = (a: Readonly<Record<string, Attr>>) => Object.entries(a).map(([k, v]) => encodeAttribute(k, v));

/** A file with input x [1, 6, 4] and output y. */
function ofOne(nodes: readonly NodeText[], stored: Readonly<Record<string, Tensor>>, ...y: number[]): Model {
  const initializer = Object.entries(stored).map(([name, t]) => tensorProto(name, t));
  return read(modelFile(nodes, { input: [value("x", 1, 6, 4)], output: [value("y", ...y)], initializer }));
}

/** Attention as exporters write it for one sample: heads counted into it, samples second, a token before the others. */
const attention: readonly NodeText[] = [
  ["Concat", "token x", "all", attrs({ axis: 1 })],
  ["MatMul", "all wide", "h"],
  ["Transpose", "h", "first", attrs({ perm: [1, 0, 2] })],
  ["Reshape", "first heads", "split"],
  ["Transpose", "split", "each", attrs({ perm: [1, 0, 2] })],
  ["Transpose", "split", "keys", attrs({ perm: [1, 2, 0] })],
  ["MatMul", "each keys", "scores"],
  ["Softmax", "scores", "shares", attrs({ axis: -1 })],
  ["MatMul", "shares each", "mixed"],
  ["Reshape", "mixed apart", "again"],
  ["Transpose", "again", "back", attrs({ perm: [2, 0, 1, 3] })],
  ["Reshape", "back rows", "flat"],
  ["Gemm", "flat out", "z"],
  ["Reshape", "z joined", "tokens"],
  ["Gather", "tokens zero", "y", attrs({ axis: 0 })],
];
const stored = {
  token: noise(1, 1, 4),
  wide: noise(4, 6),
  heads: i64([7, 2, 3]),
  apart: i64([1, 2, 7, 3]),
  rows: i64([7, 6]),
  out: noise(6, 3),
  joined: i64([7, 1, 3]),
  zero: i64([0], []),
};

test("what was written as the number of one sample follows several", async () => {
  const model = ofOne(attention, stored, 1, 3);
  expect(model.sizes!.batch).toBe("batch");
  expect(atBatch(model, 5).outputs[0].shape).toEqual([5, 3]);
  await checkSamplesApart(model, engine);
  expect([...read(write(model)).dims.values()]).toEqual([
    [1, 6, 4],
    [1, 3],
  ]);
});

test("it is trained with batches, which is said", async () => {
  const samples = Array.from({ length: 8 }, (_, i) => Array.from({ length: 24 }, (__, k) => Math.cos(i * 24 + k)));
  const data = fromArrays(
    samples,
    samples.map((_, i) => i % 3),
    { shape: [6, 4] },
  );
  const schedule = constant({ lr: 0.1 });
  const run = train(ofOne(attention, stored, 1, 3), data, {
    engine,
    optimizer: sgd(),
    schedule,
    epochs: 1,
    batchSize: 4,
  });
  expect(run.notes.join()).toContain("the file is of one sample");
  for await (const epoch of run) expect(epoch.loss).toBeGreaterThan(0);
});

test("where samples are joined, the node is named", () => {
  const model = ofOne([["ReduceMean", "x", "y", attrs({ axes: [0, 1], keepdims: 0 })]], {}, 4);
  expect(model.sizes!.batch).toBeUndefined();
  expect(model.sizes!.fixed).toBe("ReduceMean joins samples (y)");
});

test("what no shape tells is tried", async () => {
  const model = ofOne([["Softmax", "x", "y", attrs({ axis: 0 })]], {}, 1, 6, 4);
  await expect(checkSamplesApart(model, engine)).rejects.toThrow("joins samples when it is given several");
});
