/** Parameters, inputs and outputs called as what every object of JavaScript has. */
import { expect, test } from "vitest";
import { data, engine, options } from "../../test/support/small-run.ts";
import { builder } from "../graph/builder.ts";
import { full, size, tensor } from "../graph/tensor.ts";
import type { Model } from "../graph/types.ts";
import { Random } from "../math/random.ts";
import { read } from "../onnx/read.ts";
import { write } from "../onnx/write.ts";
import { adam } from "../optim/adam.ts";
import { constant } from "../optim/schedule.ts";
import { shrink } from "../shrink/shrink.ts";
import { train } from "./train.ts";

function model(): Model {
  const g = builder();
  const random = new Random(1, "init");
  const w = (name: string, shape: readonly number[]) => {
    const values = Float32Array.from({ length: size(shape) }, () => random.normal() * 0.05);
    return g.initializer(name, tensor("float32", shape, values));
  };
  const x = g.Flatten(g.input("toString", "float32", [1, 1, 28, 28]));
  const h = g.Relu(g.Gemm(x, w("__proto__", [784, 8]), g.initializer("hasOwnProperty", full([8], 0))));
  g.output(g.Gemm(h, w("valueOf", [8, 10]), g.initializer("isPrototypeOf", full([10], 0))), "constructor");
  const dims = new Map([
    ["toString", ["n", 1, 28, 28]],
    ["constructor", ["n", 10]],
  ]);
  return { graph: g.build(), opset: 17, dims, metadata: new Map() };
}

test("a model of such names is read, trained, shrunk and written", async () => {
  const run = train(
    read(write(model())),
    data,
    options({ epochs: 2, optimizer: adam(), schedule: constant({ lr: 1e-3 }), penalty: undefined }),
  );
  const losses: number[] = [];
  for await (const { loss } of run) losses.push(loss);
  expect(losses[1]).toBeLessThan(losses[0]);
  const { model: small } = await shrink(run.model, { engine });
  expect(read(write(small)).graph.outputs.map((v) => v.name)).toEqual(["constructor"]);
});
