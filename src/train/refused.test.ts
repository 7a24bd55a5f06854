/** What is refused before a run starts. */
import { expect, test } from "vitest";
import { data, engine, model, options } from "../../test/support/small-run.ts";
import { fromArrays } from "../data/dataset.ts";
import type { Model } from "../graph/types.ts";
import { mlp } from "../models/mlp.ts";
import { proxSsi } from "../optim/prox-ssi.ts";
import { rda } from "../optim/rda.ts";
import { rmda } from "../optim/rmda.ts";
import { sgd } from "../optim/sgd.ts";
import { wgsef } from "../prox/wgsef.ts";
import { meanSquaredError } from "../step/loss.ts";
import { evaluate } from "./evaluate.ts";
import type { TrainOptions } from "./options.ts";
import { train } from "./train.ts";

test("what does not fit together is refused at once", () => {
  const start = (more: Partial<TrainOptions>) => () => train(model(), data, options(more));
  expect(start({ optimizer: sgd() })).toThrowErrorMatchingInlineSnapshot(`
    [EspalierError: sgd has no proximal step, so it cannot take the penalty groupLasso
      got  sgd with groupLasso
      fix  leave the penalty out; sgd takes weightDecay]
  `);
  const wgsefWith = (optimizer: TrainOptions["optimizer"]) => start({ optimizer, penalty: wgsef({ lambda: 1, k: 2 }) });
  expect(wgsefWith(rda())).not.toThrow();
  expect(wgsefWith(proxSsi())).toThrow(
    "proxSsi with wgsef is not defined: there is no closed form or solver for the penalty's proximal map",
  );
  expect(start({ epochs: 3 })).toThrow("a milestone lies beyond the last epoch");
  expect(start({ optimizer: rmda({ restarts: [2, 5] }) })).toThrow("a restart lies beyond the last epoch");
  expect(start({ augment: { crop: 29 } })).toThrow("augment.crop");
  expect(start({ batchSize: 0 })).toThrow("batchSize is out of range");
  expect(start({ loss: meanSquaredError() })).toThrow("the loss mse does not fit the labels");
  expect(() => train(mlp({ sizes: [100, 10] }), data, options())).toThrowErrorMatchingInlineSnapshot(`
    [EspalierError: the data does not fit the model's input
      input   input
      got     [N,1,28,28]
      wanted  float32[N,100]
      fix     choose a model for this image size, or another data set]
  `);
  expect(() => train(mlp({ sizes: [784, 5], input: [1, 28, 28] }), data, options())).toThrow(
    "the model's output does not fit",
  );
  const counted = (y: number[]) => fromArrays([[0], [1], [2], [3]], y, { test: { x: [[1]], y: [1] } });
  expect(() => train(mlp({ sizes: [1, 3] }), counted([3, 1, 2, 3]), options())).toThrowErrorMatchingInlineSnapshot(`
    [EspalierError: the model's output does not fit the labels
      output  logits
      data    arrays
      part    train
      sample  0
      label   3
      got     3 outputs
      wanted  at least 4 classes
      fix     no sample has class 0: if the labels count from 1, subtract 1, or name them in order by classes 1,2,3]
  `);
  expect(() => train(mlp({ sizes: [1, 3] }), counted([0, 1, 4, 3]), options())).toThrow(
    /sample +2\s+label +4\s[\s\S]*give the model 5 outputs/,
  );
  const long: Model = { ...model(), dims: new Map([["input", ["batch", 1, "height", 28]]]) };
  expect(train(long, data, options()).model.graph.inputs[0].shape).toEqual([1, 1, 28, 28]); // the data say how high
  const fixed: Model = { ...model(), dims: new Map([["input", [1, 1, 28, 28]]]) };
  expect(() => train(fixed, data, options())).toThrowErrorMatchingInlineSnapshot(`
    [EspalierError: the model does not take batches of any size
      input   input
      got     [1,1,28,28]
      wanted  [batch,1,28,28]
      fix     export the model with a dynamic batch axis (torch.onnx.export: dynamic_axes or dynamic_shapes)]
  `);
  expect(start({ normalization: { mean: [0, 0, 0], std: [1, 1, 1] } })).toThrow("one mean and one positive std");
});

test("an operator that Espalier only passes through is named before training starts", async () => {
  const m = model();
  const op = (n: (typeof m.graph.nodes)[number]) => (n.op === "Relu" ? { ...n, op: "Hardmax" } : n);
  const foreign = { ...m, graph: { ...m.graph, nodes: m.graph.nodes.map(op) } };
  expect(() => train(foreign, data, options())).toThrowErrorMatchingInlineSnapshot(`
    [EspalierError: no gradient rule for Hardmax
      node  Relu   float32[1,32] → float32[1,32]
      path  loss ← fc2/Gemm ← Relu
      fix   export the model with other operators in its place; inspect, shrink, verify and bench take it as it is]
  `);
  await expect(evaluate(foreign, data, { engine })).rejects.toThrow("no shape rule for Hardmax");
});
