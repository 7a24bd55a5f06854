/** Composing layers out of linear maps and back, on the built-in networks and on hand-made layers of every form. */
import { describe, expect, test } from "vitest";
import { node } from "../engine/node.ts";
import { builder } from "../graph/builder.ts";
import { check } from "../graph/check.ts";
import { f32, numbers, size } from "../graph/tensor.ts";
import type { Dim, Model, Shape, Tensor } from "../graph/types.ts";
import { Random } from "../math/random.ts";
import { model as builtIn, models } from "../models/index.ts";
import { read } from "../onnx/read.ts";
import { write } from "../onnx/write.ts";
import { verify } from "../shrink/verify.ts";
import { compose } from "./compose.ts";
import { factorPatterns } from "./factors.ts";
import { recompose } from "./recompose.ts";
import { spectra } from "./spectra.ts";

const engine = node({ threads: 1 });
const random = (shape: Shape, seed: number): Tensor => {
  const r = new Random(seed, "verify");
  return f32(
    Array.from({ length: size(shape) }, () => r.normal() / Math.sqrt(size(shape.slice(1)))),
    shape,
  );
};
const tensorOf = ({ graph }: Model, name: string): Tensor => [...graph.initializers].find(([v]) => v.name === name)![1];
const shapesOf = ({ graph }: Model) => [...graph.initializers.keys()].map((v) => `${v.name} [${v.shape}]`);
const wiring = ({ graph }: Model) =>
  graph.nodes.map((n) => [n.op, n.name, n.inputs.map((v) => v?.name), n.outputs.map((v) => v?.name), n.attrs]);
const agree = async (a: Model, b: Model) => {
  const { maxRel, reason } = await verify(a, b, { engine, random: 1, tolerance: 1e-4 });
  expect(reason).toBeUndefined();
  return maxRel;
};

/** Layers of every form: [N, 3, 9, 9] → conv k×k with stride, 1×1 with stride, depthwise, Gemm both ways, MatMul. */
function everyForm(): Model {
  const g = builder("forms");
  let x = g.input("input", "float32", [1, 3, 9, 9]);
  const w = (name: string, shape: Shape, seed: number) => g.initializer(name, random(shape, seed));
  x = g.Conv(x, w("kernel", [6, 3, 3, 2], 1), w("kernel.bias", [6], 2), { strides: [2, 1], pads: [1, 0, 2, 1] });
  x = g.Conv(x, w("point.weight", [4, 6, 1, 1], 3), null, { strides: [2, 2] });
  x = g.Conv(x, w("padded.weight", [4, 4, 1, 1], 4), null, { pads: [1, 1, 1, 1] });
  x = g.Conv(x, w("depth.weight", [4, 1, 3, 3], 5), null, { group: 4, pads: [1, 1, 1, 1], dilations: [2, 2] });
  x = g.Flatten(x);
  x = g.Gemm(x, w("up.weight", [x.shape[1], 7], 6), w("up.bias", [7], 7), { alpha: 0.5, beta: 2 });
  x = g.Gemm(x, w("down.weight", [5, 7], 8), null, { transB: 1 });
  x = g.MatMul(g.Reshape(x, { shape: [0, 1, 5] }), w("product.weight", [5, 3], 9));
  const shared = w("shared.weight", [3, 3], 10);
  x = g.output(g.MatMul(g.MatMul(x, shared), shared), "y");
  const dims = new Map<string, readonly Dim[]>([
    ["input", ["n", 3, 9, 9]],
    ["y", ["n", 1, 3]],
  ]);
  return { graph: g.build(), opset: 17, dims, metadata: new Map([["kept", "yes"]]) };
}

test("factors: names, shapes and windows as the paper's table", () => {
  const { model, layers, skipped } = compose(everyForm(), { factors: 3 });
  expect(check(model.graph)).toEqual([]);
  expect(layers).toEqual(["kernel", "point.weight", "padded.weight", "up.weight", "down.weight", "product.weight"]);
  expect(skipped).toEqual([
    { weight: "depth.weight", why: "is a grouped convolution (4 groups)" },
    { weight: "shared.weight", why: "is used more than once" },
  ]);
  expect(shapesOf(model)).toEqual([
    ...["kernel.factors.0 [6,3,3,2]", "kernel.factors.1 [6,6,1,1]", "kernel.factors.2 [6,6,1,1]", "kernel.bias [6]"],
    ...["point.factors.0.weight [6,6,1,1]", "point.factors.1.weight [6,6,1,1]", "point.factors.2.weight [4,6,1,1]"],
    ...[0, 1, 2].map((i) => `padded.factors.${i}.weight [4,4,1,1]`),
    "depth.weight [4,1,3,3]",
    ...["up.factors.0.weight [60,60]", "up.factors.1.weight [60,60]", "up.factors.2.weight [60,7]", "up.bias [7]"],
    ...["down.factors.0.weight [7,7]", "down.factors.1.weight [7,7]", "down.factors.2.weight [5,7]"],
    ...["product.factors.0.weight [5,5]", "product.factors.1.weight [5,5]", "product.factors.2.weight [5,3]"],
    "shared.weight [3,3]",
  ]);
  const strides = model.graph.nodes.flatMap((n) => (n.op === "Conv" ? [(n.attrs.strides as number[]).join()] : []));
  expect(strides).toEqual(["2,1", "1,1", "1,1", "1,1", "1,1", "2,2", "1,1", "1,1", "1,1", "1,1"]);
});

test.each([1, 2, 3, 4])(
  "%i balanced factors compute what the layer computed, and compose back to it",
  async (factors) => {
    const full = everyForm();
    const { model } = compose(full, { factors, init: "balanced" });
    expect(await agree(full, model)).toBeLessThan(1e-5);
    const back = recompose(read(write(model)));
    expect(wiring(back)).toEqual(wiring(full));
    expect(shapesOf(back)).toEqual(shapesOf(full));
    expect([...back.metadata]).toEqual([["kept", "yes"]]);
    expect(await agree(full, back)).toBeLessThan(1e-5);
  },
);

describe("real networks: composed with random factors, composed back", () => {
  test.each([
    ["mlp7", { input: [20] }],
    ["lenet5-small", {}],
    ["resnet20", {}],
  ] as const)("%s", async (name, options) => {
    const full = builtIn(name, { seed: 1, ...options });
    const { model, skipped } = compose(full, { factors: 3, seed: 5 });
    expect(skipped).toEqual([]);
    const back = recompose(model);
    expect(wiring(back)).toEqual(wiring(full));
    expect(shapesOf(back)).toEqual(shapesOf(full));
    expect(await agree(model, back)).toBeLessThan(1e-5);
  });
});

test("the default initialization is torch's, for each factor its own; the seed decides", () => {
  const full = models.lenet5({ seed: 1 });
  const { model } = compose(full, { factors: 2, seed: 3 });
  for (const [name, fanIn] of [
    ["conv2.factors.0.weight", 20 * 25],
    ["conv2.factors.1.weight", 50],
    ["fc1.factors.0.weight", 800],
    ["fc1.factors.1.weight", 800],
  ] as const) {
    const w = numbers(tensorOf(model, name));
    const bound = 1 / Math.sqrt(fanIn);
    const largest = w.reduce((m, x) => Math.max(m, Math.abs(x)), 0);
    expect(largest).toBeLessThanOrEqual(bound * (1 + 1e-6));
    expect(largest).toBeGreaterThan(0.99 * bound);
    const variance = w.reduce((sum, x) => sum + x * x, 0) / w.length;
    expect(Math.abs(variance / (bound ** 2 / 3) - 1)).toBeLessThan(0.1);
  }
  expect(tensorOf(compose(full, { factors: 2, seed: 3 }).model, "fc2.factors.1.weight")).toEqual(
    tensorOf(model, "fc2.factors.1.weight"),
  );
  expect(tensorOf(compose(full, { factors: 2, seed: 4 }).model, "fc2.factors.1.weight")).not.toEqual(
    tensorOf(model, "fc2.factors.1.weight"),
  );
});

// min Σ‖Wᵢ‖² over all factors of W is N·Σσ^(2/N): what weight decay on the factors does to W (lorita.md 1.2)
test.each([2, 3, 4])("%i balanced factors reach the Schatten bound; others do not", (factors) => {
  const full = everyForm();
  const squares = (model: Model, stem: string) =>
    [...model.graph.initializers]
      .filter(([v]) => v.name.startsWith(`${stem}.factors`))
      .reduce((sum, [, t]) => sum + numbers(t).reduce((s, x) => s + x * x, 0), 0);
  const bound = (model: Model, weight: string) => {
    const { values } = spectra(model).layers.find((l) => l.weight === weight)!;
    return factors * values.reduce((sum, x) => sum + x ** (2 / factors), 0);
  };
  const { model } = compose(full, { factors, init: "balanced" });
  for (const stem of ["kernel", "point", "up", "down", "product"]) {
    const weight = stem === "kernel" ? "kernel" : `${stem}.weight`;
    expect(squares(model, stem) / bound(full, weight)).toBeCloseTo(1, 5);
    const drawn = compose(full, { factors, seed: 1 }).model;
    expect(squares(drawn, stem)).toBeGreaterThan(1.05 * bound(drawn, weight));
  }
});

/** Weights that are no plain stored matrix of their own node: the net is [n, 4] → … → [n, 4, 1, 1]. */
function oddWeights(): Model {
  const g = builder("odd");
  const w = (name: string, shape: Shape, seed: number) => g.initializer(name, random(shape, seed));
  const x = g.input("input", "float32", [1, 4]);
  const transposed = g.MatMul(x, g.Transpose(w("turned.weight", [4, 4], 1), { perm: [1, 0] }));
  const constant = g.MatMul(transposed, g.constant(random([4, 4], 2)));
  const left = g.MatMul(w("left.weight", [1, 1], 3), constant);
  const image = g.Reshape(left, { shape: [0, 4, 1, 1] });
  g.output(g.ConvTranspose(image, w("up.weight", [4, 4, 1, 1], 4), null, {}), "y");
  return { graph: g.build(), opset: 17, dims: new Map(), metadata: new Map() };
}

test("weights that are stored otherwise are named, and a model with nothing else is refused", () => {
  const model = oddWeights();
  const { skipped } = spectra(model);
  expect(skipped.map((s) => `${s.weight} ${s.why}`)).toEqual([
    "turned.weight is transposed by a node",
    expect.stringMatching(/ is a constant$/),
    "left.weight is multiplied from the left",
    "up.weight is of a transposed convolution",
  ]);
  expect(() => compose(model, { factors: 2 })).toThrow(/no layer that could be composed\n +skipped +turned.weight is/);
});

test("patterns choose layers, and what is frozen is not composed", () => {
  const full = models.lenet5Small({ seed: 1 });
  const some = compose(full, { factors: 2, layers: ["fc*.weight"], freeze: ["fc2.*", "conv1.bias"] });
  expect(some.layers).toEqual(["fc1.weight", "fc3.weight"]);
  expect(some.skipped).toEqual([{ weight: "fc2.weight", why: "is frozen" }]);
  expect(() => compose(full, { factors: 2, freeze: ["conv9.weight"] })).toThrow(/did you mean conv1.weight/);
  expect(() => compose(full, { factors: 2, freeze: ["fc2.*"], layers: ["fc2.weight"] })).toThrow(/why +is frozen/);
  expect(() => compose(full, { factors: 2, freeze: ["**"] })).toThrow(/no layer that could be composed/);
  expect(factorPatterns(some.model, ["fc1.weight", "fc2.weight", "conv**"])).toEqual([
    "fc1.factors.0.weight",
    "fc1.factors.1.weight",
    "fc2.weight",
    "conv**",
  ]);
  expect(factorPatterns(some.model, ["fc*.weight"])).toContain("fc3.factors.1.weight");
  expect(factorPatterns(full, ["fc1.weight"])).toEqual(["fc1.weight"]);
});

test("what cannot be composed, or composed back", () => {
  const full = everyForm();
  expect(() => compose(full, { factors: 0 })).toThrow(/out of range/);
  expect(() => compose(full, { factors: 2, layers: ["depth.weight"] })).toThrow(/why +is a grouped convolution/);
  const { model, layers } = compose(full, { factors: 2, layers: ["up.weight"] });
  expect(layers).toEqual(["up.weight"]);
  expect(() => compose(model, { factors: 2 })).toThrow(/composed already/);
  const named = new Map([...model.metadata, ["espalier.factors", '{"up.weight":["gone","up.factors.1.weight"]}']]);
  expect(() => recompose({ ...model, metadata: named })).toThrow(/factor +gone\n +why +the model does not have it/);
  const outputs = [...model.graph.outputs, model.graph.nodes.find((n) => n.name.endsWith("/factors.0"))!.outputs[0]!];
  expect(() => recompose({ ...model, graph: { ...model.graph, outputs } })).toThrow(/another node reads/);
});
