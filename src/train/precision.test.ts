/** Weights in half precision: training leaves them alone, and says so. */
import { expect, test } from "vitest";
import { digits } from "../data/digits.ts";
import { node } from "../engine/node.ts";
import { builder } from "../graph/builder.ts";
import { full, tensor } from "../graph/tensor.ts";
import type { Model } from "../graph/types.ts";
import { constant } from "../optim/schedule.ts";
import { sgd } from "../optim/sgd.ts";
import { inspect } from "../shrink/inspect.ts";
import { evaluate } from "./evaluate.ts";
import { train } from "./train.ts";

const engine = node({ threads: 1 });
const data = digits({ train: 32, test: 10 });

/** x · half · w; further weights in half precision are added to what comes out. */
function network(metadata: Model["metadata"] = new Map(), more = 0): Model {
  const g = builder();
  const half = (name: string, shape: readonly number[]) =>
    g.initializer(name, tensor("float16", shape, new Uint16Array(shape.reduce((a, b) => a * b)).fill(0x2000)));
  const x = g.input("x", "float32", [1, 784]);
  const hidden = g.MatMul(x, g.Cast(half("half", [784, 4]), { to: "float32" }));
  let y = g.MatMul(hidden, g.initializer("w", full([4, 10], 0.01)));
  for (let i = 0; i < more; i++) y = g.Add(y, g.Cast(half(`bias${i}`, [10]), { to: "float32" }));
  g.output(y, "y");
  const graph = g.build();
  const dims = new Map([
    ["x", ["n", 784]],
    ["y", ["n", 10]],
  ]);
  return { graph, opset: 17, dims, metadata };
}
const start = (model: Model) =>
  train(model, data, { engine, optimizer: sgd(), schedule: constant({ lr: 0.1 }), epochs: 1, batchSize: 16 });

test("a run says which weights it leaves alone, and leaves them alone", async () => {
  const model = network();
  const run = start(model);
  expect(run.notes.map(String)).toEqual([
    "half (float16) will not be trained: only float32 weights are. To train them, read the file with precision float32",
  ]);
  for await (const _ of run);
  const bytes = (of: Model, name: string) => [...of.graph.initializers].find(([v]) => v.name === name)![1].data.slice();
  expect(bytes(run.model, "half")).toEqual(bytes(model, "half"));
  expect(bytes(run.model, "w")).not.toEqual(bytes(model, "w"));
  expect(String(start(network(new Map(), 4)).notes[0])).toContain(
    "half (float16), bias0 (float16), bias1 (float16) and 2 more will not be trained",
  );
});

test("inspect lists them", () => {
  expect(inspect(network()).untrained).toEqual([{ weight: "half", dtype: "float16", shape: [784, 4] }]);
});

test("the layout that a file records is read: another than NCHW is refused", async () => {
  const recorded = (layout: string) => network(new Map([["espalier.layout", layout]]));
  expect((await evaluate(recorded("NCHW"), data, { engine })).accuracy).toBeGreaterThanOrEqual(0);
  expect(() => start(recorded("NHWC"))).toThrowErrorMatchingInlineSnapshot(`
    [EspalierError: the model records a layout of images that Espalier does not feed
      got     NHWC
      wanted  NCHW
      fix     export the model for NCHW (with a Transpose behind its input, say), and remove espalier.layout from its metadata]
  `);
});
