import { expect, test } from "vitest";
import { fileOfAnother } from "../../test/support/onnx-files.ts";
import { apart, feedsOf, gradientsOf, outputsOf, sharedModel, torch } from "../../test/support/shared-models.ts";
import { node } from "../engine/node.ts";
import { builder } from "../graph/builder.ts";
import { f32 } from "../graph/tensor.ts";
import type { Model } from "../graph/types.ts";
import { groupSets } from "../groups/groups.ts";
import { Random } from "../math/random.ts";
import { inspect } from "../shrink/inspect.ts";
import { shrink } from "../shrink/shrink.ts";
import { withTensors } from "../step/parameters.ts";
import { read } from "./read.ts";
import { sharingOf } from "./sharing.ts";
import { write } from "./write.ts";

const storedIn = ({ graph }: Model) => [...graph.initializers.keys()].map((v) => v.name);
test.each([
  ["tied-head", "torchscript", "wte.weight", "onnx::MatMul_"],
  ["tied-head", "dynamo", "head.weight", "val_"],
  ["shared-embedding", "torchscript", "shared.weight", "onnx::MatMul_"],
  ["shared-embedding", "dynamo", "head.weight", "val_"],
])(
  "%s by %s: embedding and projection are one parameter, in training and in the written file",
  async (name, exporter, parameter, copy) => {
    const file = sharedModel(`${name}-${exporter}`);
    const model = read(file);
    const [tie, ...more] = sharingOf(model).ties;
    expect(more).toEqual([]);
    expect(tie).toMatchObject({ name: parameter, transposed: true });
    expect(tie.copy.startsWith(copy)).toBe(true);
    expect(storedIn(model)).not.toContain(tie.copy);

    const feeds = feedsOf(model, name);
    const truth = torch.models[name];
    expect(apart(await outputsOf(file, feeds), truth.out)).toBeLessThan(1e-5);
    const written = write(model);
    expect(apart(await outputsOf(written, feeds), await outputsOf(file, feeds))).toBe(0);
    expect(write(read(written))).toEqual(written);

    const gradients = await gradientsOf(model, feeds);
    expect(apart(gradients.get(parameter), truth.gradients["head.weight"])).toBeLessThan(1e-5);
  },
);

test("a layer applied three times, whose transposed weights were stored three times, has one weight each", async () => {
  const model = read(sharedModel("albert-wide-dynamo"));
  expect(sharingOf(model).ties.map(({ name, transposed }) => [name, transposed])).toEqual(
    ["val_2", "val_4", "val_7", "val_9"].flatMap((name) => [
      [name, false],
      [name, false],
    ]),
  );
  const feeds = feedsOf(model, "albert-wide");
  const gradients = await gradientsOf(model, feeds);
  expect(apart(gradients.get("layer.q.bias"), torch.models["albert-wide"].gradients["layer.q.bias"])).toBeLessThan(
    1e-4,
  );
});

const [ROWS, WIDTH] = [20, 8];
const table = (seed: number) => {
  const random = new Random(seed, "init");
  return Float32Array.from({ length: ROWS * WIDTH }, () => random.normal());
};
const transposed = (data: Float32Array) =>
  Float32Array.from(data, (_, i) => data[(i % ROWS) * WIDTH + Math.floor(i / ROWS)]);

/** Words → their rows → scores of all words, read from a file that stores the table and a matrix. */
function scores(rows: Float32Array, matrix: Float32Array): Model {
  const g = builder();
  const x = g.Relu(g.Gather(g.initializer("words", f32(rows, [ROWS, WIDTH])), g.input("x", "int64", [1, 3])));
  g.output(g.MatMul(x, g.initializer("scores", f32(matrix, [WIDTH, ROWS]))), "y");
  const model = { graph: g.build(), opset: 17, dims: new Map([["x", ["batch", 3]]]), metadata: new Map() };
  return read(fileOfAnother(model));
}

test("groups couple what is tied, shrinking cuts it once, and the small file computes the same", async () => {
  const model = scores(table(1), transposed(table(1)));
  expect(inspect(model).sharing.ties).toEqual([
    { name: "words", copy: "scores", transposed: true, why: "an embedding and the projection that is tied to it" },
  ]);
  const sets = groupSets(model.graph, "coupled");
  expect(sets.map((s) => [s.count, s.members.map((m) => m.param.name)])).toEqual([[WIDTH, ["words"]]]);
  const [[v]] = model.graph.initializers;
  const sparse = {
    ...model,
    graph: withTensors(
      model.graph,
      new Map([
        [
          v.name,
          f32(
            table(1).map((w, i) => ((i % WIDTH) % 3 === 0 ? 0 : w)),
            v.shape,
          ),
        ],
      ]),
    ),
  };
  const { model: small } = await shrink(sparse, { engine: node({ threads: 1 }) });
  expect([...small.graph.initializers.keys()].map((v) => [v.name, v.shape])).toEqual([["words", [ROWS, WIDTH - 3]]]);
  const feeds = { x: { dtype: "int64", shape: [2, 3], data: BigInt64Array.from([0n, 5n, 19n, 3n, 3n, 7n]) } } as const;
  expect(apart(await outputsOf(write(small), feeds), await outputsOf(write(sparse), feeds))).toBeLessThan(1e-6);
});

test.each([
  ["of few different numbers", table(1).map((_, i) => (i % (WIDTH + 1) === 0 ? 1 : 0)), undefined],
  ["that differ in one number", table(1), transposed(table(1)).fill(0.5, 7, 8)],
])("matrices %s are no tie", (_, rows, matrix = transposed(rows)) => {
  const model = scores(rows, matrix);
  expect(sharingOf(model).ties).toEqual([]);
  expect(storedIn(model)).toEqual(["words", "scores"]);
});

test("a layer and the transpose of it, as in an autoencoder, are one parameter", async () => {
  const g = builder();
  const matrix = (name: string, data: Float32Array, shape: readonly number[]) => g.initializer(name, f32(data, shape));
  const code = g.Relu(g.MatMul(g.input("x", "float32", [1, ROWS]), matrix("encode", table(3), [ROWS, WIDTH])));
  g.output(g.MatMul(code, matrix("decode", transposed(table(3)), [WIDTH, ROWS])), "y");
  const file = fileOfAnother({ graph: g.build(), opset: 17, dims: new Map(), metadata: new Map() });
  const model = read(file);
  expect(sharingOf(model).ties.map((t) => [t.name, t.copy, t.transposed])).toEqual([["encode", "decode", true]]);
  const feeds = { x: f32(table(4).slice(0, ROWS), [1, ROWS]) };
  expect(apart(await outputsOf(write(model), feeds), await outputsOf(file, feeds))).toBe(0);
});

test("equal matrices of two layers are no tie: layers may begin as copies", () => {
  const g = builder();
  const matrix = (name: string) => g.initializer(name, f32(table(2).slice(0, 64), [8, 8]));
  g.output(g.MatMul(g.MatMul(g.input("x", "float32", [1, 8]), matrix("a")), matrix("b")), "y");
  const model = read(fileOfAnother({ graph: g.build(), opset: 17, dims: new Map(), metadata: new Map() }));
  expect(sharingOf(model).ties).toEqual([]);
  expect(storedIn(model)).toEqual(["a", "b"]);
});

/** A convolution whose weight is also measured, ahead of which the exporter put an axis of 1, as StyleGAN's demodulation is written. */
function demodulated(name: string, data: Float32Array): Model {
  const g = builder();
  const y = g.Conv(
    g.input("x", "float32", [1, 4, 5, 5]),
    g.initializer("weight", f32(table(1).slice(0, 144), [4, 4, 3, 3])),
    null,
  );
  const copy = g.initializer(name, f32(data, [1, 4, 4, 3, 3]));
  g.output(g.Mul(y, g.ReduceSum(g.Mul(copy, copy), { axes: [1, 2, 3, 4], keepdims: 1 })), "y");
  const model = { graph: g.build(), opset: 17, dims: new Map([["x", [1, 4, 5, 5]]]), metadata: new Map() };
  return read(fileOfAnother(model));
}

test("a weight that is stored again on further axes of 1, without a name, is one parameter", () => {
  const weight = table(1).slice(0, 144);
  expect(sharingOf(demodulated("onnx::Mul_12", weight)).ties).toMatchObject([
    { name: "weight", copy: "onnx::Mul_12", reshaped: true },
  ]);
  expect(sharingOf(demodulated("style.weight", weight)).ties).toEqual([]); // it has a name of its own
  expect(sharingOf(demodulated("onnx::Mul_12", table(2).slice(0, 144))).ties).toEqual([]);
});
