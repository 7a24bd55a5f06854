/** Composed layers against LoRITa's definition in PyTorch (test/fixtures/lowrank/make.py): outputs, gradients, products. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { backward } from "../autodiff/backward.ts";
import { runOnce } from "../engine/engine.ts";
import { node } from "../engine/node.ts";
import { atBatch } from "../graph/bind.ts";
import { builder } from "../graph/builder.ts";
import { f32, numbers } from "../graph/tensor.ts";
import type { Model, Value } from "../graph/types.ts";
import { withoutUnread } from "../graph/walk.ts";
import { torchDefault } from "../models/init.ts";
import { network } from "../models/network.ts";
import { encode, write } from "../onnx/write.ts";
import { forward } from "../step/forward.ts";
import { compose } from "./compose.ts";
import { recompose } from "./recompose.ts";

interface Fixture {
  readonly tensors: Readonly<Record<string, { shape: number[]; data: number[] }>>;
  readonly x: number[];
  readonly w: number[];
  readonly training: number[];
  readonly evaluation: number[];
  readonly gradients: Readonly<Record<string, number[]>>;
  readonly running: Readonly<Record<string, number[]>>;
  readonly products: Readonly<Record<string, number[]>>;
}
const path = new URL("../../test/fixtures/lowrank/torch.json", import.meta.url);
const fixture: Fixture = JSON.parse(readFileSync(path, "utf8"));
const engine = node({ threads: 1 });

/** make.py's network before it is composed, then composed, with its tensors. */
function composed(): Model {
  const plain = network({ name: "net", input: [2, 6, 6], seed: 0, init: torchDefault }, (n, x) => {
    const a = n.conv2d("conv", x, 4, { kernel: 3, stride: 2, padding: 1, bias: false });
    const b = n.conv2d("short", x, 4, { kernel: 1, stride: 2, bias: false });
    const y = n.relu(n.add(n.batchNorm("bn1", a), b));
    return n.batchNorm("bn2", n.linear("fc", n.flatten(y), 3));
  });
  const { model } = compose(plain, { factors: 3 });
  const stored = [...model.graph.initializers.keys()];
  expect(stored.map((v) => v.name).sort()).toEqual(Object.keys(fixture.tensors).sort());
  const initializers = new Map(stored.map((v) => [v, f32(fixture.tensors[v.name].data, v.shape)]));
  for (const v of stored) expect(v.shape).toEqual(fixture.tensors[v.name].shape);
  return { ...model, graph: { ...model.graph, initializers } };
}

const near = (got: ArrayLike<number>, wanted: readonly number[], what: string) => {
  expect(got.length, what).toBe(wanted.length);
  const scale = Math.max(...wanted.map(Math.abs));
  expect(Math.max(...wanted.map((x, i) => Math.abs(x - got[i]))) / scale, what).toBeLessThan(2e-5);
};

test("composed and composed back: torch's outputs and products", async () => {
  const model = composed();
  const back = recompose(model);
  for (const m of [model, back]) {
    const session = await engine.load(write(m));
    const { logits } = await runOnce(session, engine, { input: f32(fixture.x, [4, 2, 6, 6]) });
    near(logits.data as Float32Array, fixture.evaluation, m === back ? "composed back" : "composed");
  }
  for (const [name, product] of Object.entries(fixture.products))
    near(numbers([...back.graph.initializers].find(([v]) => v.name === name)![1]), product, name);
});

test("in training: torch's outputs, running statistics and gradients of every factor, through batch norm of [N, C]", async () => {
  const model = composed();
  const graph = atBatch(model, 4);
  const g = builder();
  const given = new Map<Value, Value>([[graph.inputs[0], g.input("x", "float32", [4, 2, 6, 6])]]);
  const parameters = [...graph.initializers.keys()].map((v) => [v, g.input(v.name, "float32", v.shape)] as const);
  for (const [v, p] of parameters) given.set(v, p);
  const pass = forward(g, graph, given, "training");
  const y = pass.map.get(graph.outputs[0])!;
  const loss = g.ReduceSum(g.Mul(y, g.constant(f32(fixture.w, [4, 3]))), { keepdims: 0 });
  const trained = parameters.filter(([v]) => fixture.gradients[v.name]);
  const gradients = backward(
    g,
    loss,
    trained.map(([, p]) => p),
    pass.overrides,
  );
  g.output(g.Identity(y), "training");
  for (const [v, p] of trained) g.output(g.Identity(gradients.get(p)!), `d ${v.name}`);
  for (const [v, now] of pass.running) g.output(now, `now ${v.name}`);
  const session = await engine.load(encode(withoutUnread(g.build())));
  const feeds = Object.fromEntries([...graph.initializers].map(([v, t]) => [v.name, t]));
  const got = await runOnce(session, engine, { x: f32(fixture.x, [4, 2, 6, 6]), ...feeds });
  near(got.training.data as Float32Array, fixture.training, "training");
  expect(trained).toHaveLength(14);
  for (const [v] of trained) {
    if (v.name === "fc.bias") continue; // before a batch norm: its gradient is rounding
    near(got[`d ${v.name}`].data as Float32Array, fixture.gradients[v.name], v.name);
  }
  for (const [name, wanted] of Object.entries(fixture.running))
    near(got[`now ${name}`].data as Float32Array, wanted, name);
});
