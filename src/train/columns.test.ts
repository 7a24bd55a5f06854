/** Several inputs and several labels, from the data to the step. */
import { expect, test } from "vitest";
import { fromColumns } from "../data/from-columns.ts";
import { type Numbers, ofEach, type Split } from "../data/split.ts";
import { node } from "../engine/node.ts";
import { builder } from "../graph/builder.ts";
import { full } from "../graph/tensor.ts";
import type { Model } from "../graph/types.ts";
import { Random } from "../math/random.ts";
import { constant } from "../optim/schedule.ts";
import { sgd } from "../optim/sgd.ts";
import { crossEntropy, meanAbsoluteError, meanSquaredError, modelLoss } from "../step/loss.ts";
import { bakeNormalization } from "./bake-normalization.ts";
import { evaluate } from "./evaluate.ts";
import { initialize } from "./initialize.ts";
import { memory } from "./memory.ts";
import { modelInputs } from "./model-inputs.ts";
import type { TrainOptions } from "./options.ts";
import { train } from "./train.ts";

const engine = node({ threads: 1 });
const [TOKENS, WIDTH, CLASSES] = [7, 6, 3];

/** Tokens and a mask → a class of each token, of the sample, and where it is. */
function tagger(): Model {
  const g = builder("tagger");
  const ids = g.input("ids", "int64", [2, 4]);
  const mask = g.input("mask", "float32", [2, 4]);
  const table = g.initializer("table", full([TOKENS, WIDTH], 0));
  const hidden = g.Mul(g.Gather(table, ids, { axis: 0 }), g.Unsqueeze(mask, { axes: [2] }));
  g.output(g.MatMul(hidden, g.initializer("tags.weight", full([WIDTH, CLASSES], 0))), "tags");
  const mean = g.ReduceMean(hidden, { axes: [1], keepdims: 0 });
  g.output(g.MatMul(mean, g.initializer("logits.weight", full([WIDTH, CLASSES], 0))), "logits");
  g.output(g.MatMul(mean, g.initializer("place.weight", full([WIDTH, 2], 0))), "place");
  const dims = new Map([
    ["ids", ["batch", 4]],
    ["mask", ["batch", 4]],
  ]);
  return initialize({ graph: g.build(), opset: 17, dims, metadata: new Map() }, 3);
}

const random = new Random(5, "init");
const COUNT = 24;
const ids = Int32Array.from({ length: COUNT * 4 }, () => random.int(TOKENS));
const columns = {
  inputs: {
    ids: { data: ids, shape: [4] },
    mask: { data: Float32Array.from({ length: COUNT * 4 }, (_, i) => (i % 4 === 3 ? 0 : 1)), shape: [4] },
  },
  labels: {
    tags: { data: ids.map((t, i) => (i % 4 === 3 ? -100 : t % CLASSES)), shape: [4] },
    logits: Array.from({ length: COUNT }, (_, i) => ids[4 * i] % CLASSES),
    place: Array.from({ length: COUNT }, (_, i) => [ids[4 * i] / 7, 0.5]),
  },
};
const data = fromColumns(columns);
const losses = {
  tags: crossEntropy(),
  logits: crossEntropy(),
  place: { loss: meanAbsoluteError(), weight: 0.25 },
};
const options = (more: Partial<TrainOptions> = {}): TrainOptions => ({
  engine,
  optimizer: sgd({ momentum: 0.9 }),
  schedule: constant({ lr: 0.5 }),
  loss: losses,
  epochs: 4,
  batchSize: 8,
  ...more,
});
async function trained(more?: Partial<TrainOptions>, on = data) {
  const run = train(tagger(), on, options(more));
  for await (const _ of run);
  return run;
}
const weights = ({ model }: { model: Model }) => [...model.graph.initializers.values()].map((t) => [...t.data]);

test("three losses of two inputs fall, and their sum is what each of them is by itself", async () => {
  const run = await trained();
  const [first, last] = [run.history[0], run.history.at(-1)!];
  expect(last.loss).toBeLessThan(0.7 * first.loss);
  expect(last.accuracy).toBeGreaterThan(first.accuracy!);
  const scored = (loss: TrainOptions["loss"], output?: string) => evaluate(run.model, data, { engine, loss, output });
  const [all, tags, logits, place] = await Promise.all([
    scored(losses),
    scored(crossEntropy(), "tags"),
    scored({ logits: crossEntropy() }),
    scored(meanAbsoluteError(), "place"),
  ]);
  expect(all.loss).toBeCloseTo(tags.loss + logits.loss + 0.25 * place.loss, 5);
  expect(all.loss).toBeCloseTo(last.testLoss!, 5);
  expect(all.accuracy).toBeCloseTo(tags.accuracy!, 5);
  expect(place.accuracy).toBe(null);
});

test("a batch in parts has the gradients of the whole where every part has as many labels", async () => {
  const [whole, parts] = [await trained({ epochs: 1 }), await trained({ epochs: 1, accumulate: 2 })];
  weights(whole).forEach((w, i) => {
    w.forEach((x, j) => {
      expect(weights(parts)[i][j]).toBeCloseTo(Number(x), 5);
    });
  });
});

test("labels that count for nothing change no mean, however samples stand and batches are cut", async () => {
  const tags = columns.labels.tags.data.map((t, i) => (i >= 4 * 12 && i % 4 !== 0 ? -100 : t)); // the later half has few
  const order = [...Array(COUNT).keys()].reverse();
  const turned = <T extends Int32Array | Float32Array>(of: T) =>
    of.map((_, i) => of[4 * order[Math.floor(i / 4)] + (i % 4)]) as T;
  const uneven = (f: <T extends Int32Array | Float32Array>(of: T) => T) => ({
    inputs: { ids: { data: f(ids), shape: [4] }, mask: { data: f(columns.inputs.mask.data), shape: [4] } },
    labels: { tags: { data: f(tags), shape: [4] } },
  });
  const [straight, reversed] = [uneven((x) => x), uneven(turned)].map((of) => fromColumns(of, { test: of }));
  const one = { loss: crossEntropy(), output: "tags", epochs: 1, batchSize: COUNT };
  const whole = await trained(one, straight);
  const parts = await trained({ ...one, accumulate: 3 }, straight);
  weights(whole).forEach((w, i) => {
    w.forEach((x, j) => {
      expect(weights(parts)[i][j]).toBeCloseTo(Number(x), 5);
    });
  });
  const many = (data: typeof straight) => ({ ...data, test: repeated(data.test, 20) }); // beyond one batch of an evaluation
  const scored = (on: typeof straight) =>
    evaluate(whole.model, many(on), { engine, loss: crossEntropy(), output: "tags" });
  const [a, b] = [await scored(straight), await scored(reversed)];
  expect(a.loss).toBeCloseTo(b.loss, 5);
  expect(a.accuracy).toBeCloseTo(b.accuracy!, 5);
});

/** Each sample so many times, one beside the other. */
function repeated(split: Split, times: number): Split {
  const rows = <T extends Numbers>(of: T): T => {
    const width = of.length / split.count;
    const to = new (of.constructor as new (n: number) => T)(of.length * times);
    return to.map((_, i) => of[Math.floor(i / (width * times)) * width + (i % width)]) as T;
  };
  return { ...ofEach(split, rows), count: split.count * times };
}

test("labels of another output, or of another layout, are refused", () => {
  const { logits: _, tags: __, ...place } = columns.labels;
  expect(() =>
    train(tagger(), fromColumns({ ...columns, labels: place }), options({ loss: meanSquaredError() })),
  ).toThrow(/no labels for an output/);
  const turned = { tags: { data: new Float32Array(COUNT * 12), shape: [CLASSES, 4] } };
  const data = fromColumns({ ...columns, labels: turned });
  expect(() => train(tagger(), data, options({ loss: meanSquaredError() }))).toThrow(/numpy.transpose/);
});

test("a run that was stopped goes on to the same bytes, and other columns are other data", async () => {
  const whole = await trained();
  const store = memory();
  const stop = new AbortController();
  const first = train(tagger(), data, options({ store, signal: stop.signal }));
  for await (const { epoch } of first) if (epoch === 2) stop.abort();
  const second = train(tagger(), data, options({ store, resume: true }));
  for await (const _ of second);
  expect(weights(second)).toEqual(weights(whole));
  const other = { ...columns, inputs: { ...columns.inputs, mask: { data: new Float32Array(COUNT * 4), shape: [4] } } };
  const wrong = train(tagger(), fromColumns(other), options({ store, resume: true, epochs: 5 }));
  await expect(wrong[Symbol.asyncIterator]().next()).rejects.toThrow("different settings: data");
});

test("what of the data is not used is said, and what is missing is named", () => {
  const { notes } = train(tagger(), data, options({ loss: { logits: crossEntropy() } }));
  expect(notes.join("\n")).toContain("of the data tags, place are not used");
  const half = fromColumns({ ...columns, inputs: { ids: columns.inputs.ids } });
  expect(() => train(tagger(), half, options())).toThrowErrorMatchingInlineSnapshot(`
    [EspalierError: the data has nothing for an input of the model
      input   mask
      got     ids
      wanted  ids int64[batch,4], mask float32[batch,4]
      fix     give data with inputs of these names, or say which column is for which: renameColumns, columns]
  `);
  const { logits: _, ...labels } = columns.labels;
  expect(() => train(tagger(), fromColumns({ ...columns, labels }), options())).toThrowErrorMatchingInlineSnapshot(`
    [EspalierError: the data has no labels for an output of the model
      output  logits
      got     tags, place
      fix     name labels by the model's outputs (labels/NAME in an .npz file), or choose a loss for each of the outputs that have labels]
  `);
  const fractions = { ...columns.inputs, ids: { data: new Float32Array(COUNT * 4), shape: [4] } };
  expect(() => train(tagger(), fromColumns({ ...columns, inputs: fractions }), options())).toThrow(
    /give whole numbers/,
  );
  expect(() => train(tagger(), data, options({ output: "tags" }))).toThrow(/said twice/);
  expect(() => train(tagger(), data, options({ loss: { tags: meanSquaredError() } }))).toThrow(
    /does not fit the labels/,
  );
});

test("samples in the form that the model's inputs want", async () => {
  const feeds = await modelInputs(tagger(), data, { engine, count: 2 });
  expect(Object.entries(feeds).map(([name, t]) => [name, t.dtype, t.shape])).toEqual([
    ["ids", "int64", [2, 4]],
    ["mask", "float32", [2, 4]],
  ]);
});

test("a model that ends in its own loss is trained on it", async () => {
  const g = builder("own loss");
  const x = g.input("x", "float32", [2, 3]);
  const y = g.input("y", "float32", [2, 1]);
  const d = g.Sub(g.MatMul(x, g.initializer("w.weight", full([3, 1], 0.1))), y);
  g.output(g.ReduceMean(g.Mul(d, d), { keepdims: 0 }), "loss");
  const dims = new Map([
    ["x", ["batch", 3]],
    ["y", ["batch", 1]],
  ]);
  const model: Model = { graph: g.build(), opset: 17, dims, metadata: new Map() };
  const rows = Array.from({ length: 20 }, (_, i) => [i / 20, 1, -i / 20 + 0.25]);
  const own = fromColumns({ inputs: { x: rows, y: rows.map(([a]) => [2 * a + 0.5]) } });
  const run = train(model, own, options({ loss: modelLoss(), epochs: 20, schedule: constant({ lr: 0.05 }) }));
  for await (const _ of run);
  expect(run.history.at(-1)!.loss).toBeLessThan(0.1 * run.history[0].loss);
  expect(run.history.at(-1)!.accuracy).toBe(null);
});

test("what a model records of its images is of the input that was normalized, in whatever order data has them", async () => {
  const g = builder("pair");
  const [left, right] = ["left", "right"].map((name) => g.Flatten(g.input(name, "float32", [2, 1, 2, 2])));
  g.output(g.MatMul(g.Concat([left, right], { axis: 1 }), g.initializer("w", full([8, 3], 0))), "logits");
  const dims = new Map(["left", "right"].map((name) => [name, ["batch", 1, 2, 2]]));
  const pair = initialize({ graph: g.build(), opset: 17, dims, metadata: new Map() }, 3);
  const pixels = (seed: number) => ({
    data: Uint8Array.from({ length: 4 * COUNT }, (_, i) => (i * seed) % 256),
    shape: [1, 2, 2],
  });
  const images = { left: pixels(37), right: pixels(101) };
  const labels = { logits: Array.from({ length: COUNT }, (_, i) => i % 3) };
  const data = fromColumns({ inputs: images, labels });
  const run = train(pair, data, { engine, optimizer: sgd(), schedule: constant({ lr: 1e-3 }), epochs: 1 });
  for await (const _ of run);
  const turned = fromColumns({ inputs: { right: images.right, left: images.left }, labels });
  const score = await evaluate(run.model, data, { engine });
  expect(await evaluate(run.model, turned, { engine })).toEqual(score);
  const metadata = new Map([...run.model.metadata].filter(([key]) => key !== "espalier.input"));
  expect(await evaluate({ ...run.model, metadata }, turned, { engine })).not.toEqual(score);
  const first = (name: string) =>
    bakeNormalization(run.model).graph.nodes.find(({ inputs }) => inputs[0]?.name === name)?.op;
  expect([first("left"), first("right")]).toEqual(["Mul", "Flatten"]);
});
