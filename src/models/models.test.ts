import { expect, test } from "vitest";
import { atBatch } from "../graph/bind.ts";
import { check } from "../graph/check.ts";
import { numbers, size } from "../graph/tensor.ts";
import type { Model } from "../graph/types.ts";
import { withoutUnread } from "../graph/walk.ts";
import { builtIns, model, models } from "./index.ts";

const parameters = ({ graph }: Model): number =>
  [...graph.initializers.keys()].filter((v) => !/running_/.test(v.name)).reduce((n, v) => n + size(v.shape), 0);

const weight = ({ graph }: Model, name: string): number[] => {
  const found = [...graph.initializers].find(([v]) => v.name === name);
  if (!found) throw new Error(`no ${name}`);
  return numbers(found[1]);
};

const mean = (x: readonly number[]): number => x.reduce((a, b) => a + b, 0) / x.length;
const deviation = (x: readonly number[]): number => {
  const m = mean(x);
  return Math.sqrt(mean(x.map((v) => (v - m) ** 2)));
};

const counts: Record<string, number> = {
  logistic: 7_850,
  mlp7: 577_178,
  lenet5: 431_080,
  "lenet5-small": 61_706,
  cnn6: 1_250_858,
  "vgg-small": 308_394,
  vgg16: 14_728_266,
  vgg19: 20_040_522,
  resnet20: 272_474,
  resnet50: 23_520_842,
};

test("every built-in model has a count to check", () => {
  expect([...builtIns.keys()].sort()).toEqual(Object.keys(counts).sort());
});

test.each([...builtIns.values()].map((b) => [b.spec.name, b] as const))("%s", (name, build) => {
  const m = build();
  expect(check(m.graph)).toEqual([]);
  expect(withoutUnread(m.graph)).toEqual(m.graph); // an output that nobody reads, such as MaxPool's indices, costs time
  expect(parameters(m)).toBe(counts[name]);
  expect(m.opset).toBe(17);
  expect(m.dims.get("input")).toEqual(["batch", ...build.spec.input]);
  expect(m.dims.get("logits")).toEqual(["batch", build.spec.classes]);
  expect(atBatch(m, 3).outputs.map((v) => [v.name, v.shape])).toEqual([["logits", [3, 10]]]);
});

test.each([
  ["vgg19", 20_086_692],
  ["resnet50", 23_705_252],
])("%s with 100 classes", (name, count) => {
  expect(parameters(model(name, { classes: 100 }))).toBe(count);
});

test("the same seed gives the same weights, another seed others", () => {
  const fc1 = (seed: number) => weight(models.lenet5Small({ seed }), "fc1.weight");
  expect(fc1(3)).toEqual(fc1(3));
  expect(fc1(3)).not.toEqual(fc1(4));
  expect(fc1(-1)).not.toEqual(fc1(0));
});

test("torch's default: uniform within ±1/√fan-in, weight and bias", () => {
  const m = models.lenet5({ seed: 1 });
  for (const [layer, fanIn] of [
    ["conv2", 500],
    ["fc1", 800],
  ] as const)
    for (const kind of ["weight", "bias"]) {
      const w = weight(m, `${layer}.${kind}`);
      const bound = 1 / Math.sqrt(fanIn);
      expect(w.reduce((a, b) => Math.max(a, b))).toBeLessThanOrEqual(bound * (1 + 1e-6));
      expect(w.reduce((a, b) => Math.min(a, b))).toBeGreaterThanOrEqual(-bound * (1 + 1e-6));
      const noise = 4 / Math.sqrt(w.length); // four standard errors, roughly
      expect(Math.abs(mean(w))).toBeLessThan(noise * bound);
      expect(Math.abs(deviation(w) / (bound / Math.sqrt(3)) - 1)).toBeLessThan(noise);
    }
});

test("VGG: Kaiming normal by fan-out, N(0, 0.01²) head, zero biases, batch norm 1, 0, 0, 1", () => {
  const m = models.vgg16();
  const near = (name: string, std: number) => {
    const w = weight(m, name);
    const noise = 4 / Math.sqrt(w.length);
    expect(Math.abs(mean(w))).toBeLessThan(noise * std);
    expect(Math.abs(deviation(w) / std - 1)).toBeLessThan(noise);
    const outside = w.filter((x) => Math.abs(x) > 1.96 * std).length / w.length; // 5 % of a normal
    expect(Math.abs(outside - 0.05)).toBeLessThan(noise);
  };
  near("features.0.weight", Math.sqrt(2 / (64 * 9)));
  near("features.17.weight", Math.sqrt(2 / (256 * 9)));
  near("classifier.weight", 0.01);
  const all = (name: string) => new Set(weight(m, name));
  expect(all("features.0.bias")).toEqual(new Set([0]));
  expect(all("classifier.bias")).toEqual(new Set([0]));
  const norm = ["weight", "bias", "running_mean", "running_var"].map((k) => [...all(`features.1.${k}`)]);
  expect(norm).toEqual([[1], [0], [0], [1]]);
});

test("logistic regression starts at zero", () => {
  expect(new Set(weight(models.logistic({ seed: 5 }), "fc.weight"))).toEqual(new Set([0]));
});

test("other sizes and inputs", () => {
  const m = models.mlp({ sizes: [784, 32, 10], input: [1, 28, 28] });
  expect(m.graph.inputs[0].shape).toEqual([1, 1, 28, 28]);
  expect(models.mlp({ sizes: [6, 4, 2] }).dims.get("input")).toEqual(["batch", 6]);
  expect(models.mlp7({ input: [20], classes: 3 }).dims.get("logits")).toEqual(["batch", 3]);
  expect(parameters(models.lenet5({ input: [3, 32, 32] }))).toBe(657_080);
  expect(atBatch(models.resnet20({ input: [1, 28, 28], classes: 7 }), 2).outputs[0].shape).toEqual([2, 7]);
});

test("LoRITa's FCN: dense and batch norm in turn, batch norm last", () => {
  const m = models.fcn({ depth: 6, seed: 1 });
  expect(check(m.graph)).toEqual([]);
  // 784·96 + 4·96² + 96·10 weights, 5·96 + 10 biases, twice as many scales and shifts
  expect(parameters(m)).toBe(75_264 + 36_864 + 960 + 3 * 490);
  const ops = m.graph.nodes.map((n) => n.op).filter((o) => o !== "Flatten");
  expect(ops.slice(0, 4)).toEqual(["Gemm", "BatchNormalization", "Relu", "Gemm"]);
  expect(ops.slice(-3)).toEqual(["Relu", "Gemm", "BatchNormalization"]);
  expect(atBatch(m, 3).outputs.map((v) => [v.name, v.shape])).toEqual([["logits", [3, 10]]]);
  expect(() => models.fcn({ depth: 1 })).toThrow(/wrong depth/);
});

test("an unknown name", () => {
  expect(() => model("lenet-5")).toThrowErrorMatchingInlineSnapshot(`
    [EspalierError: no built-in model is called lenet-5
      got     lenet-5
      wanted  logistic, mlp7, lenet5, lenet5-small, cnn6, vgg-small, vgg16, vgg19, resnet20, resnet50
      fix     did you mean lenet5? A file must end in .onnx]
  `);
});

test("what does not fit", () => {
  expect(() => models.vgg16({ input: [3, 28, 28] })).toThrowErrorMatchingInlineSnapshot(`
    [EspalierError: the images are too small for vgg16
      layer   features.43
      got     1×1 at this layer
      wanted  at least 2×2
      fix     use larger images or a model with fewer pooling layers]
  `);
  expect(() => models.lenet5({ input: [784] })).toThrowErrorMatchingInlineSnapshot(`
    [EspalierError: lenet5 works on images
      got     samples of shape [784]
      wanted  [channels, height, width]
      fix     use logistic or an MLP for other data]
  `);
  expect(() => models.lenet5({ input: [1, 4, 4] })).toThrowErrorMatchingInlineSnapshot(`
    [EspalierError: the images are too small for lenet5
      layer   conv1
      got     4×4 at this layer
      wanted  at least 5×5
      fix     use larger images or a model with fewer pooling layers]
  `);
  expect(() => models.mlp7({ classes: 0 })).toThrowErrorMatchingInlineSnapshot(`
    [EspalierError: mlp7 got a wrong number of classes
      got     0
      wanted  a positive integer]
  `);
  expect(() => models.logistic({ seed: 0.5 })).toThrowErrorMatchingInlineSnapshot(`
    [EspalierError: logistic got a wrong seed
      got     0.5
      wanted  an integer]
  `);
  expect(() => models.logistic({ input: [] })).toThrowErrorMatchingInlineSnapshot(`
    [EspalierError: logistic got a wrong input shape
      got     []
      wanted  positive integers]
  `);
  expect(() => models.mlp({ sizes: [10] })).toThrowErrorMatchingInlineSnapshot(`
    [EspalierError: mlp got wrong sizes
      got     [10]
      wanted  at least two positive integers]
  `);
  expect(() => models.mlp({ sizes: [10, 2], input: [3, 3] })).toThrowErrorMatchingInlineSnapshot(`
    [EspalierError: mlp's sizes do not fit its input
      got     sizes [10, 2], input [3, 3]
      wanted  sizes[0] = 9
      fix     make the first size the number of elements of a sample]
  `);
});
