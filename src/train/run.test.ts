import { expect, test } from "vitest";
import { data, engine, model, options } from "../../test/support/small-run.ts";
import { fromArrays } from "../data/dataset.ts";
import { digits } from "../data/digits.ts";
import type { Split } from "../data/split.ts";
import { atBatch } from "../graph/bind.ts";
import { builder } from "../graph/builder.ts";
import { print } from "../graph/print.ts";
import { f32, full, numbers } from "../graph/tensor.ts";
import type { Model } from "../graph/types.ts";
import { mlp } from "../models/mlp.ts";
import { write } from "../onnx/write.ts";
import { adam } from "../optim/adam.ts";
import { proxSgd } from "../optim/prox-sgd.ts";
import { rmda } from "../optim/rmda.ts";
import { constant } from "../optim/schedule.ts";
import { sgd } from "../optim/sgd.ts";
import { groupLasso } from "../prox/group-lasso.ts";
import { crossEntropy, meanSquaredError } from "../step/loss.ts";
import { stepProgram } from "../step/programs.ts";
import { decodeCheckpoint } from "./checkpoint.ts";
import { evaluate } from "./evaluate.ts";
import { memory } from "./memory.ts";
import { train } from "./train.ts";

async function finish(run: ReturnType<typeof train>) {
  for await (const _ of run);
  return run;
}

test("the step of a small network, as a graph", () => {
  const tiny = mlp({ sizes: [4, 3, 2], seed: 1 });
  const plan = {
    inputs: [{ dtype: "float32" as const, sample: [4] }],
    terms: [{ loss: crossEntropy() }],
    optimizer: sgd({ momentum: 0.9 }),
  };
  expect(print(stepProgram(atBatch(tiny, 2), plan).graph)).toMatchSnapshot();
});

test("RMDA with coupled groups: the loss falls, groups are exactly zero, history tells it", async () => {
  const run = await finish(train(model(), data, options({ schedule: constant({ lr: 0.1 }) })));
  const [first, last] = [run.history[0], run.history.at(-1)!];
  expect(run.history).toHaveLength(5);
  expect(last.loss).toBeLessThan(first.loss);
  expect(first.dual).toBeDefined();
  expect(last.dual).toBeUndefined();
  expect(last.c).toBe(1);
  expect(last.groupSparsity).toBeGreaterThan(0);
  expect(last.groupSparsity).toBeLessThan(1);
  expect(run.finished).toBe(true);
});

test("sparsities are counted as rmda.md 4.1, 4.3 and 4.4, and the pattern's last change is kept", async () => {
  const sparse = (epochs: number, lambda: number) =>
    options({
      optimizer: proxSgd(),
      schedule: constant({ lr: 0.1 }),
      penalty: groupLasso({ lambda }),
      lambdaWarmup: 0,
      epochs,
    });
  // every hidden unit of 784-32-10 loses its 10 outgoing weights at once
  const run = await finish(train(model(), data, sparse(3, 100)));
  expect(run.history[2]).toMatchObject({ groupSparsity: 1, weightedGroupSparsity: 1, patternChanges: 0 });
  expect(run.history[2].inputChannel).toEqual({
    groupSparsity: 32 / (784 + 32),
    weightedGroupSparsity: 320 / (784 * 32 + 320),
  });
  expect(run.history[2].elementSparsity).toBe(320 / (784 * 32 + 32 + 320 + 10));
  expect(run.history.map((m) => m.patternChanges)).toEqual([32, 0, 0]);
  expect(run.structureStableSince).toBe(1);
  expect((await finish(train(model(), data, sparse(1, 100)))).structureStableSince).toBeNull();
  expect((await finish(train(model(), data, sparse(1, 0)))).structureStableSince).toBe(0);
});

test("two runs give the same bytes; a stop by the signal and a resume as well", async () => {
  const whole = await finish(train(model(), data, options()));
  const store = memory();
  const stop = new AbortController();
  let steps = 0;
  const onProgress = () => {
    if (++steps === 8) stop.abort();
  };
  const cut = await finish(train(model(), data, options({ store, signal: stop.signal, onProgress })));
  expect(cut.finished).toBe(false);
  expect(steps).toBe(8);
  const rest = await finish(train(model(), data, options({ store, resume: true })));
  expect(rest.finished).toBe(true);
  expect(write(rest.model)).toEqual(write(whole.model));
  const again = await finish(train(model(), data, options({ store, resume: true }))); // finished already: nothing to do
  expect(write(again.model)).toEqual(write(whole.model));
  expect(new TextDecoder().decode(store.files.get("metrics.jsonl")).trim().split("\n")).toHaveLength(5);
});

test("an existing run is neither overwritten nor resumed with other settings", async () => {
  const store = memory();
  await finish(train(model(), data, options({ store, epochs: 4 })));
  const before = store.files.get("checkpoint.safetensors");
  await expect(finish(train(model(), data, options({ store, epochs: 4 })))).rejects.toThrow("already holds a run");
  const other = options({ store, epochs: 4, resume: true, batchSize: 50, optimizer: rmda({ c: 0.2 }) });
  await expect(finish(train(model(), data, other))).rejects.toThrow("different settings: optimizer, batchSize");
  const redrawn = digits({ train: 300, test: 100, seed: 4 }); // same name, same counts
  await expect(finish(train(model(), redrawn, options({ store, epochs: 4, resume: true })))).rejects.toThrow(
    "different settings: data",
  );
  expect(store.files.get("checkpoint.safetensors")).toBe(before);
});

test("a loss that is not finite stops with a clear message and keeps the last good checkpoint", async () => {
  const store = memory();
  const run = train(
    model(),
    data,
    options({ store, optimizer: sgd(), penalty: undefined, schedule: constant({ lr: 1e30 }) }),
  );
  await expect(finish(run)).rejects.toThrow(/training diverged: the loss became (NaN|Infinity)\n {2}epoch {2}1/);
  expect(store.files.has("checkpoint.safetensors")).toBe(true);
});

test("a step that ends in infinite weights is not checkpointed", async () => {
  const store = memory();
  const tooLarge = { ...constant({ lr: 1 }), lr: () => 1e300 };
  const run = train(
    model(),
    data,
    options({ store, optimizer: sgd(), penalty: undefined, schedule: tooLarge, checkpointSeconds: 0 }),
  );
  await expect(finish(run)).rejects.toThrow(/training diverged: fc\d\.\w+ holds (NaN|-?Infinity)\n {2}epoch {2}1/);
  const { tensors } = await decodeCheckpoint(store.files.get("checkpoint.safetensors")!);
  expect(tensors.get("fc1.weight")!.data).toEqual(
    [...model().graph.initializers].find(([v]) => v.name === "fc1.weight")![1].data,
  );
});

test("a run is iterated once", async () => {
  const run = await finish(train(model(), data, options({ epochs: 4 })));
  await expect(finish(run)).rejects.toThrow("a run can be iterated once");
});

test("a last batch of one sample is merged where batch norm needs more, and kept elsewhere", async () => {
  let steps = 0;
  await finish(
    train(model(), digits({ train: 65, test: 10, seed: 1 }), options({ epochs: 4, onProgress: () => steps++ })),
  );
  expect(steps).toBe(8);
});

test("regression: mean squared error on float targets", async () => {
  const x = Array.from({ length: 200 }, (_, i) => [Math.sin(i), Math.cos(i * 1.7)]);
  const y = x.map(([a, b]) => [a * 0.5 - b]);
  const set = fromArrays(x, y, { classes: null, test: 0.2 });
  const run = await finish(
    train(mlp({ sizes: [2, 16, 1], seed: 1 }), set, {
      engine,
      optimizer: adam(),
      schedule: constant({ lr: 0.02 }),
      loss: meanSquaredError(),
      epochs: 15,
      batchSize: 20,
    }),
  );
  expect(run.history.at(-1)!.accuracy).toBeNull();
  expect(run.history.at(-1)!.testLoss).toBeLessThan(0.02);
});

test("a model that is trained again keeps the normalization that it was trained with", async () => {
  const own = await finish(train(model(), data, options({ epochs: 4 })));
  expect(own.model.metadata.get("espalier.mean")).toBe(String(data.mean));
  for (const [normalization, recorded] of [
    [{ mean: [0.5], std: [0.25] }, "0.5"],
    [null, "none"],
  ] as const) {
    const first = await finish(train(model(), data, options({ epochs: 4, normalization })));
    const score = await evaluate(first.model, data, { engine });
    expect(score.loss).toBeCloseTo(first.history.at(-1)!.testLoss!, 6);
    const again = await finish(train(first.model, data, options({ epochs: 4 })));
    expect(again.model.metadata.get("espalier.mean")).toBe(recorded);
  }
});

test("a model may call its parameters as a run calls its own things", async () => {
  const called = (...given: string[]): Model => {
    const g = builder();
    const x = g.input("x", "float32", [1, 784]);
    const starts: [number[], number][] = [
      [[784, 4], 0.01],
      [[4], 0.1],
      [[4], 1],
      [[4], 0],
      [[4, 10], 0.1],
    ];
    const [weight, bias, scale, shift, head] = starts.map(([shape, at], i) => g.initializer(given[i], full(shape, at)));
    const h = g.Dropout(g.Add(g.MatMul(x, weight), bias), { ratio: 0.5 });
    const y = g.Dropout(g.Add(g.Mul(h, scale), shift), { ratio: 0.5 });
    g.output(g.MatMul(y, head), "y");
    return { graph: g.build(), opset: 17, dims: new Map([["x", ["batch", 784]]]), metadata: new Map() };
  };
  const plain = called("a", "b", "c", "d", "e");
  for (const odd of [
    called("loss", "correct", "batch/x", "batch/loss", "param/batch/loss"),
    called("slot/momentum/a", "next/a", "clock/lr", "mask/0", "mask/1"),
    called("pattern", "pattern/groups", "__metadata__", "Mul", "Identity"),
    called("forward/MatMul", "propose/Mul", "init/ConstantOfShape", "accept/Mul", "dual/Add"),
  ]) {
    const [store, more] = [memory(), { optimizer: rmda({ c: 0.1 }), epochs: 4 }];
    const stop = new AbortController();
    await finish(train(odd, data, options({ ...more, store, signal: stop.signal, onProgress: () => stop.abort() })));
    const run = await finish(train(odd, data, options({ ...more, store, resume: true })));
    const same = await finish(train(plain, data, options(more)));
    const weights = ({ graph }: Model) => [...graph.initializers.values()].map(numbers);
    expect(weights(run.model)).toEqual(weights(same.model));
    expect((await evaluate(run.model, data, { engine })).loss).toBe(
      (await evaluate(same.model, data, { engine })).loss,
    );
  }
});

test("the loss attaches to the output that is named", async () => {
  const g = builder();
  const head = (name: string, n: number) => g.initializer(name, f32(new Float32Array(784 * n).fill(0.01), [784, n]));
  const x = g.input("x", "float32", [1, 784]);
  g.output(g.MatMul(x, head("side.weight", 3)), "side");
  g.output(g.MatMul(x, head("main.weight", 10)), "main");
  const two: Model = { graph: g.build(), opset: 17, dims: new Map([["x", ["batch", 784]]]), metadata: new Map() };
  const dense = (output: string) =>
    options({ output, optimizer: sgd(), penalty: undefined, schedule: constant({ lr: 0.1 }), epochs: 1 });
  const run = await finish(train(two, data, dense("main")));
  const moved = new Map([...run.model.graph.initializers].map(([v, t]) => [v.name, numbers(t)]));
  expect(new Set(moved.get("side.weight"))).toEqual(new Set([Math.fround(0.01)]));
  expect(new Set(moved.get("main.weight")).size).toBeGreaterThan(100);
  const { loss } = await evaluate(run.model, data, { engine, output: "main" });
  expect(loss).toBeCloseTo(run.history[0].testLoss!, 6);
  await expect(evaluate(run.model, data, { engine })).rejects.toThrow("the model's output does not fit the labels");
  expect(() => train(two, data, dense("mian"))).toThrowErrorMatchingInlineSnapshot(`
    [EspalierError: the model has no output mian
      got     mian
      wanted  side, main
      fix     did you mean main?]
  `);
});

test("a split is scored as its own samples are, whatever those of the training split", async () => {
  const floats = ({ x, y, count }: Split): Split => ({ x: Float32Array.from(x, (v) => v / 255), y, count });
  const trained = await finish(
    train(model(), data, options({ epochs: 1, lambdaWarmup: 0, schedule: constant({ lr: 0.1 }) })),
  );
  const whole = await evaluate(trained.model, data, { engine });
  const apart = await evaluate(trained.model, data, { engine, split: floats(data.test) });
  expect(apart.accuracy).toBe(whole.accuracy);
  expect(apart.loss).toBeCloseTo(whole.loss, 5);
  const mixed = { ...data, test: floats(data.test) };
  const again = await finish(
    train(model(), mixed, options({ epochs: 1, lambdaWarmup: 0, schedule: constant({ lr: 0.1 }) })),
  );
  expect(again.history[0].testLoss).toBeCloseTo(trained.history[0].testLoss!, 5);
});
