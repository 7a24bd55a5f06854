/** Composing back what was changed since: refused where the product would be another function, right after shrinking. */
import { describe, expect, test } from "vitest";
import { node } from "../engine/node.ts";
import { builder } from "../graph/builder.ts";
import { f32, size } from "../graph/tensor.ts";
import type { Attrs, Dim, Model, Node, Shape, Tensor } from "../graph/types.ts";
import { Random } from "../math/random.ts";
import { read } from "../onnx/read.ts";
import { write } from "../onnx/write.ts";
import { shrink } from "../shrink/shrink.ts";
import { verify } from "../shrink/verify.ts";
import { compose } from "./compose.ts";
import { isComposed } from "./factors.ts";
import { recompose } from "./recompose.ts";

const engine = node({ threads: 1 });
const random = (shape: Shape, seed: number): Tensor => {
  const r = new Random(seed, "verify");
  return f32(
    Array.from({ length: size(shape) }, () => r.normal() / 2),
    shape,
  );
};

/** [n, 2, 6, 6] → convolution → linear → relu → linear [n, 3], plus a linear shortcut. */
function net(change: (name: string, t: Tensor) => Tensor = (_, t) => t): Model {
  const g = builder("net");
  const w = (name: string, shape: Shape, seed: number) => g.initializer(name, change(name, random(shape, seed)));
  const input = g.input("input", "float32", [1, 2, 6, 6]);
  const c = g.Conv(input, w("conv.weight", [4, 2, 3, 3], 1), w("conv.bias", [4], 2), { strides: [2, 2] });
  const flat = g.Flatten(g.Relu(c));
  const hidden = g.Gemm(flat, w("fc1.weight", [8, 16], 3), w("fc1.bias", [8], 4), { transB: 1 });
  const straight = g.Gemm(g.Relu(hidden), w("fc2.weight", [3, 8], 5), w("fc2.bias", [3], 6), { transB: 1 });
  const side = g.Gemm(flat, w("side.weight", [3, 16], 7), null, { transB: 1 });
  g.output(g.Add(straight, side), "y");
  const dims = new Map<string, readonly Dim[]>([
    ["input", ["n", 2, 6, 6]],
    ["y", ["n", 3]],
  ]);
  return { graph: g.build(), opset: 17, dims, metadata: new Map() };
}
const composed = (model = net()) => compose(model, { factors: 3, init: "balanced" }).model;

function changed(model: Model, name: string, edit: (n: Node) => Partial<Node>): Model {
  const nodes = model.graph.nodes.map((n) => (n.name === name ? { ...n, ...edit(n) } : n));
  return { ...model, graph: { ...model.graph, nodes } };
}
const first = (weight: string) =>
  composed().graph.nodes.find((n) => n.inputs[1]?.name === weight.replace("weight", "factors.0.weight"))!.name;

describe("a chain that would not be the same function", () => {
  const attrs = (more: Attrs) => (n: Node) => ({ attrs: { ...n.attrs, ...more } });
  test.each<[string, string, (n: Node) => Partial<Node>, RegExp]>([
    ["a factor inside with an alpha", "fc1.weight", attrs({ alpha: 3 }), /it has an alpha/],
    ["another operator", "fc1.weight", () => ({ op: "MatMul", attrs: {} }), /it is of Gemm, the first of MatMul/],
    ["stored the other way round", "fc1.weight", attrs({ transB: 0 }), /it is stored the other way round/],
  ])("%s", (_, weight, edit, why) => {
    expect(() => recompose(changed(composed(), first(weight), edit))).toThrow(why);
  });

  test("a second factor with a stride; a layer named twice; a grouped factor", () => {
    const model = composed();
    const second = model.graph.nodes.find((n) => n.inputs[1]?.name === "conv.factors.1.weight")!.name;
    expect(() => recompose(changed(model, second, attrs({ strides: [2, 2] })))).toThrow(
      /conv.factors.1.weight\n.*stride/,
    );
    expect(() => recompose(changed(model, second, attrs({ group: 2 })))).toThrow(/grouped convolution/);
    const record = JSON.parse(model.metadata.get("espalier.factors")!);
    const twice = JSON.stringify({ ...record, other: record["fc1.weight"] });
    expect(() => recompose({ ...model, metadata: new Map([["espalier.factors", twice]]) })).toThrow(/named twice/);
  });
});

test.each(["[1]", '{"fc1.weight":1}', '{"fc1.weight":[]}', '{"fc1.weight":["a",2]}', "null", "{"])(
  "a damaged record is named: %s",
  (record) => {
    const model = { ...net(), metadata: new Map([["espalier.factors", record]]) };
    expect(() => recompose(model)).toThrow(/record of its factors cannot be read\n +metadata +espalier.factors/);
    expect(() => isComposed(model)).toThrow(/cannot be read/);
  },
);

test("an empty record: not composed", () => {
  const model = { ...net(), metadata: new Map([["espalier.factors", "{}"]]) };
  expect([isComposed(model), recompose(model)]).toEqual([false, model]);
});

describe("after shrinking", () => {
  test("a constant that moved into an inner factor is multiplied through", async () => {
    // three hidden units see nothing and hold relu(bias) ≠ 0
    const full = net((name, t) => {
      if (name === "fc1.weight")
        return f32(
          Array.from(t.data as Float32Array, (x, i) => (i < 48 ? 0 : x)),
          t.shape,
        );
      return name === "fc1.bias" ? f32([0.5, 0.7, 0.9, 1, -1, 1, 0, 0], t.shape) : t;
    });
    const model = read(write(exactZeros(composed(full), 3)));
    const { model: small } = await shrink(model, { engine });
    expect(small.graph.nodes.find((n) => n.inputs[1]?.name === "fc2.factors.0.weight")!.inputs).toHaveLength(3);
    const back = recompose(small);
    expect([...back.graph.initializers.keys()].map((v) => `${v.name} [${v.shape}]`)).toContain("fc2.weight [3,5]");
    const { reason, maxRel } = await verify(model, back, { engine });
    expect(reason).toBeUndefined();
    expect(maxRel).toBeLessThan(1e-5);
    expect(isComposed(back)).toBe(false);
  });

  test("a layer that is gone stays gone", async () => {
    const full = net((name, t) => (name.startsWith("fc2") ? f32(new Float32Array(t.data.length), t.shape) : t));
    const { model: small } = await shrink(composed(full), { engine });
    expect([...small.graph.initializers.keys()].some((v) => v.name.startsWith("fc2."))).toBe(false);
    const { reason } = await verify(full, recompose(small), { engine });
    expect(reason).toBeUndefined();
  });
});

/** The balanced last factor of fc1 with its first rows exactly zero, as a proximal step would leave them. */
function exactZeros(model: Model, rows: number): Model {
  const initializers = new Map(
    [...model.graph.initializers].map(([v, t]) => {
      if (v.name !== "fc1.factors.2.weight") return [v, t] as const;
      const data = (t.data as Float32Array).map((x, i) => (i < rows * v.shape[1] ? 0 : x));
      return [v, f32(data, v.shape)] as const;
    }),
  );
  return { ...model, graph: { ...model.graph, initializers } };
}
