import { describe, expect, test } from "vitest";
import { type Sketch, sketch } from "../../test/support/small-models.ts";
import { fromArrays } from "../data/dataset.ts";
import { runOnce } from "../engine/engine.ts";
import { node } from "../engine/node.ts";
import { f32, numbers } from "../graph/tensor.ts";
import type { Model, Shape, Value } from "../graph/types.ts";
import { lenet5Small } from "../models/lenet5.ts";
import { read } from "../onnx/read.ts";
import { write } from "../onnx/write.ts";
import { constant } from "../optim/schedule.ts";
import { sgd } from "../optim/sgd.ts";
import { newHead } from "./new-head.ts";
import { train } from "./train.ts";

const engine = node({ threads: 1 });
const file = (input: Shape, build: (s: Sketch) => Value): Model => read(write(sketch(input, build)));
const stored = ({ graph }: Model) => new Map([...graph.initializers].map(([v, t]) => [v.name, t]));

const plain = (s: Sketch) => s.fc(s.g.Relu(s.fc(s.x, "body", 5)), "head", 7);
const heads: [string, Shape, (s: Sketch) => Value, weight: string, shape: Shape][] = [
  ["Gemm", [6], plain, "head", [3, 5]],
  ["Gemm behind its softmax", [6], (s) => s.g.Softmax(plain(s)), "head", [3, 5]],
  [
    "MatMul with the Add behind it",
    [6],
    (s) => s.g.Add(s.g.MatMul(s.fc(s.x, "body", 5), s.w("head", [5, 7])), s.w("head.bias", [7])),
    "head",
    [5, 3],
  ],
  ["MatMul alone, of tokens", [4, 6], (s) => s.g.MatMul(s.x, s.w("head", [6, 7])), "head", [6, 3]],
  [
    "a convolution of one pixel, pooled",
    [2, 4, 4],
    (s) => s.g.Flatten(s.g.GlobalAveragePool(s.conv(s.conv(s.x, "body", 5, 3), "head", 7))),
    "head",
    [3, 5, 1, 1],
  ],
  ["Gemm behind a Reshape of its number", [6], (s) => s.g.Reshape(plain(s), { shape: [-1, 7] }), "head", [3, 5]],
];

describe("a classifier is replaced", () => {
  test.each(heads)("%s", async (_, input, build, weight, shape) => {
    const before = file(input, build);
    const { model, ...said } = newHead(before, { classes: 3, seed: 4 });
    expect(said).toMatchObject({ weight, before: 7 });
    const again = read(write(model));
    for (const one of [model, again]) {
      const now = stored(one);
      expect(now.get(weight)!.shape).toEqual(shape);
      for (const [name, t] of stored(before)) if (!name.startsWith("head")) expect(now.get(name)).toEqual(t);
      expect(one.graph.outputs[0].shape).toEqual(before.graph.outputs[0].shape.map((d) => (d === 7 ? 3 : d)));
    }
    expect(again.dims.get("y")).toEqual(before.dims.get("y")!.map((d) => (d === 7 ? 3 : d)));
    const session = await engine.load(write(model));
    const x = f32(new Float32Array(4 * input.reduce((a, b) => a * b)).fill(0.5), [4, ...input]);
    expect((await runOnce(session, engine, { x })).y.shape[0]).toBe(4); // the batch is free still
    await session.release();
  });

  test("by numbers as torch draws nn.Linear's, from the seed", () => {
    const wide = file([400], (s) => s.fc(s.x, "head", 7));
    const { model, bias } = newHead(wide, { classes: 50, seed: 4 });
    const drawn = [...numbers(stored(model).get("head")!)];
    const bound = 1 / Math.sqrt(400);
    expect(Math.max(...drawn)).toBeLessThan(bound);
    expect(Math.max(...drawn)).toBeGreaterThan(0.99 * bound);
    expect(Math.min(...drawn)).toBeLessThan(-0.99 * bound);
    const variance = drawn.reduce((s, x) => s + x * x, 0) / drawn.length;
    expect(variance).toBeCloseTo(bound ** 2 / 3, 4);
    expect(bias).toBe("head.bias");
    expect(write(newHead(wide, { classes: 50, seed: 4 }).model)).toEqual(write(model));
    expect(write(newHead(wide, { classes: 50, seed: 5 }).model)).not.toEqual(write(model));
  });

  test("and trained on other classes than the file had, its score before training left out", async () => {
    const given = read(write(lenet5Small({ classes: 10, input: [1, 12, 12] })));
    const x = Uint8Array.from({ length: 40 * 144 }, (_, i) => (i * 7) % 256);
    const data = fromArrays(
      x,
      Array.from({ length: 40 }, (_, i) => i % 12),
      { shape: [1, 12, 12] },
    );
    const options = { engine, optimizer: sgd(), schedule: constant({ lr: 0.01 }), epochs: 1 };
    expect(() => train(given, data, options)).toThrow(/10 outputs[\s\S]*at least 12 classes[\s\S]*newHead/);
    const run = train(newHead(given, { classes: 12 }).model, data, options);
    for await (const _ of run);
    expect(run.model.graph.outputs[0].shape).toEqual([1, 12]);
    expect(run.baseline).toBeUndefined();
  });
});

describe("what cannot be replaced is refused by name", () => {
  const refused: [string, Shape, (s: Sketch) => Value, RegExp][] = [
    [
      "tied to an embedding",
      [5],
      (s) => {
        const w = s.w("table", [7, 5]);
        return s.g.Gemm(s.g.Gemm(s.g.Gemm(s.x, w, null, { transB: 1 }), w, null), w, null, { transB: 1 });
      },
      /table is tied: .* read it/,
    ],
    ["computed", [5], (s) => s.g.MatMul(s.x, s.g.Transpose(s.w("table", [7, 5]))), /is computed, as that of tied/],
    [
      "a convolution of several pixels",
      [2, 4, 4],
      (s) => s.g.Flatten(s.conv(s.x, "head", 7, 3)),
      /no product of features with classes/,
    ],
    ["in groups", [4, 4, 4], (s) => s.g.GlobalAveragePool(s.conv(s.x, "head", 8, 1, { group: 2 })), /in 2 groups/],
    ["behind what joins two branches", [5], (s) => s.g.Add(s.fc(s.x, "a", 7), s.fc(s.x, "b", 7)), /Add stands between/],
    ["behind a scale of its number", [5], (s) => s.g.Mul(s.fc(s.x, "a", 7), s.w("scale", [7])), /Mul stands between/],
    ["none at all", [5], (s) => s.g.Relu(s.x), /nothing is computed/],
  ];
  test.each(refused)("%s", (_, input, build, words) => {
    expect(() => newHead(file(input, build), { classes: 3 })).toThrow(words);
  });

  test("and so are options that make no sense", () => {
    const model = file([6], plain);
    expect(() => newHead(model, { classes: 0 })).toThrow(/classes/);
    expect(() => newHead(model, { classes: "4" as never })).toThrow(/a number/);
    expect(() => newHead(model, { classes: 4, output: "z" })).toThrow(/z/);
    expect(() => newHead({} as never, { classes: 4 })).toThrow(/wants a model/);
  });
});
