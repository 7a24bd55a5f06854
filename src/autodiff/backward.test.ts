import { expect, test } from "vitest";
import { load } from "../../test/fixtures/autodiff/run.ts";
import { type Builder, builder } from "../graph/builder.ts";
import { f32, full } from "../graph/tensor.ts";
import type { Value } from "../graph/types.ts";
import { withoutUnread } from "../graph/walk.ts";
import { backward, type Override } from "./backward.ts";

/** The gradients of a loss with respect to x, fed with the given numbers. */
async function gradientAt(x: readonly number[], loss: (g: Builder, x: Value) => Value): Promise<number[]> {
  const g = builder();
  const v = g.input("x", "float32", [x.length]);
  g.output(backward(g, loss(g, v), [v]).get(v)!, "dx");
  const runnable = await load(g);
  const { dx } = await runnable.run({ x: f32(x) });
  await runnable.release();
  return dx;
}

const total = (g: Builder, v: Value) => g.ReduceSum(v, { keepdims: 0 });

test("a value used twice receives both gradients", async () => {
  expect(await gradientAt([1, -2], (g, x) => total(g, g.Add(g.Mul(x, x), x)))).toEqual([3, -3]);
});

test("a gradient is reduced to the shape of a value that was broadcast, forwards and lazily backwards", async () => {
  const [c, d] = [f32([1, 2, 3, 4, 5, 6], [3, 2]), f32([1, 2, 3], [3, 1])];
  expect(await gradientAt([1, 2], (g, x) => total(g, g.Mul(g.Mul(x, g.constant(d)), g.constant(c))))).toEqual([22, 28]);
  // here the gradient of the sum is a single number that stands for [3, 2]
  expect(await gradientAt([1, 2], (g, x) => total(g, g.Sub(g.constant(c), x)))).toEqual([-3, -3]);
  expect(await gradientAt([1, 2], (g, x) => total(g, g.Expand(g.Add(x, 1), { shape: [5, 4, 2] })))).toEqual([20, 20]);
});

test("a gradient that is the same all along an axis is stored in full where a rule or the caller needs it", async () => {
  const g = builder();
  const x = g.input("x", "float32", [2, 3]);
  const turned = g.Transpose(g.ReduceSum(x, { axes: [1], keepdims: 1 }), { perm: [1, 0] });
  expect(backward(g, total(g, turned), [x]).get(x)!.shape).toEqual([2, 3]);
});

test("what the loss does not depend on gets zeros", async () => {
  const loss = (g: Builder, x: Value) => {
    const best = g.ArgMax(x, { keepdims: 0 }); // an index carries no gradient
    return total(g, g.Gather(g.constant(f32([3, 4, 5])), best));
  };
  expect(await gradientAt([1, 5, 2], loss)).toEqual([0, 0, 0]);
  expect(await gradientAt([1.5], (g, x) => total(g, g.Mul(g.Floor(x), 3)))).toEqual([0]);
});

test("a value in between, and the loss itself, may be asked for", async () => {
  const g = builder();
  const x = g.constant(f32([1, 2]));
  const y = g.Exp(x);
  const loss = total(g, g.Mul(y, 3));
  const gradients = backward(g, loss, [y, loss]);
  g.output(gradients.get(y)!, "dy");
  g.output(gradients.get(loss)!, "dloss");
  const runnable = await load(g);
  expect(await runnable.run({})).toEqual({ dy: [3, 3], dloss: [1] });
  await runnable.release();
});

test("an override replaces what would be derived", async () => {
  const dx = await (async () => {
    const g = builder();
    const x = g.input("x", "float32", [2]);
    const y = g.Floor(g.Mul(x, 2));
    const straightThrough: Override = { inputs: [x], rule: (dy) => [g.Mul(dy, 2)] };
    g.output(backward(g, total(g, y), [x], new Map([[y, straightThrough]])).get(x)!, "dx");
    const runnable = await load(g);
    const out = await runnable.run({ x: f32([0.3, 0.8]) });
    await runnable.release();
    return out.dx;
  })();
  expect(dx).toEqual([2, 2]);
});

test("the gradient of an input that nobody asked for costs nothing", () => {
  const g = builder();
  const x = g.input("x", "float32", [2, 3, 8, 8]);
  const w = g.input("w", "float32", [4, 3, 3, 3]);
  g.output(backward(g, total(g, g.Relu(g.Conv(x, w, null))), [w]).get(w)!, "dw");
  expect(withoutUnread(g.build()).nodes.map((n) => n.op)).toMatchInlineSnapshot(`
    [
      "Conv",
      "Relu",
      "Constant",
      "Reshape",
      "Constant",
      "Greater",
      "Where",
      "Reshape",
      "Transpose",
      "Transpose",
      "Reshape",
      "Conv",
      "Transpose",
      "Identity",
    ]
  `);
});

test("a missing rule names the operator, the node and the path to the loss", () => {
  const g = builder();
  const x = g.input("x", "float32", [32, 128]);
  const y: Value = { name: "y", dtype: "float32", shape: [32, 128] };
  g.add({ op: "Swoosh", domain: "acme", name: "/encoder/swoosh", inputs: [x], outputs: [y], attrs: {} });
  const loss = g.scope("head", () => total(g, g.Sigmoid(g.MatMul(y, g.constant(f32(new Float32Array(128)))))));
  expect(() => backward(g, loss, [x])).toThrowErrorMatchingInlineSnapshot(`
    [EspalierError: no gradient rule for acme.Swoosh
      node  /encoder/swoosh   float32[32,128] → float32[32,128]
      path  loss ← head/ReduceSum ← head/Sigmoid ← head/MatMul ← /encoder/swoosh
      fix   everything that trains lies before this node: train more of what lies behind it, or add acme.Swoosh to autodiff/rules]
  `);
});

test("of many parameters before a missing rule, patterns are named, and of a long path its ends", () => {
  const g = builder();
  const w = (name: string) => g.input(name, "float32", [3]);
  const before = ["stem.a", "stem.b", "blocks.0.a", "blocks.0.b", "blocks.1.a", "scale"].map(w);
  const behind = ["blocks.2.a", "head.a"].map(w);
  const y: Value = { name: "y", dtype: "float32", shape: [3] };
  g.add({ op: "Swoosh", domain: "acme", name: "swoosh", inputs: [g.Sum(before)], outputs: [y], attrs: {} });
  const deep = Array.from({ length: 9 }).reduce<Value>((v) => g.Tanh(v), y);
  expect(() =>
    backward(g, total(g, g.Sum([deep, ...behind])), [...before, ...behind]),
  ).toThrowErrorMatchingInlineSnapshot(`
    [EspalierError: no gradient rule for acme.Swoosh
      node  swoosh   float32[3] → float32[3]
      path  loss ← ReduceSum ← Sum_1 ← Tanh_8 ← … 5 more ← Tanh_2 ← Tanh_1 ← Tanh ← swoosh
      fix   freeze "stem.**,blocks.0.**,blocks.1.**,scale", which lie before this node (6 of 8 tensors that train), or add acme.Swoosh to autodiff/rules]
  `);
});

test("a rule may lack one setting of an operator", () => {
  const g = builder();
  const x = g.input("x", "float32", [3, 1, 2]);
  const [y] = g.emit("GRU", [x, g.constant(full([1, 6, 2], 1)), g.constant(full([1, 6, 2], 1))], {
    hidden_size: 2,
    clip: 2,
  });
  expect(() => backward(g, total(g, y), [x])).toThrowErrorMatchingInlineSnapshot(`
    [EspalierError: no gradient rule for GRU with clip 2
      node  GRU   float32[3,1,2], float32[1,6,2], float32[1,6,2] → float32[3,1,1,2], float32[1,1,2]
      path  loss ← ReduceSum ← GRU
      fix   everything that trains lies before this node: train more of what lies behind it, or add GRU to autodiff/rules]
  `);
});

test("only a single float can be differentiated, with respect to floats", () => {
  const g = builder();
  const x = g.input("x", "float32", [3]);
  const n = g.input("n", "int64", []);
  expect(() => backward(g, g.Exp(x), [x])).toThrowErrorMatchingInlineSnapshot(`
    [EspalierError: only a single number can be differentiated
      value  Exp
      got    float32[3]]
  `);
  expect(() => backward(g, total(g, x), [n])).toThrowErrorMatchingInlineSnapshot(`
    [EspalierError: only floats have gradients
      value  n
      got    int64[]]
  `);
});

test("gradients pass a narrower type and back, and what is computed there", async () => {
  const slope = (h: (g: Builder, half: Value) => Value) =>
    gradientAt([1, -2, 0.5], (g, x) => {
      const y = g.Cast(h(g, g.Cast(x, { to: "float16" })), { to: "float32" });
      return total(g, g.Mul(y, y));
    });
  expect(await slope((_, half) => half)).toEqual([2, -4, 1]);
  // the 1 of 1 − y² is written down as a half
  const tanh = await slope((g, half) => g.Tanh(half));
  for (const [i, x] of [1, -2, 0.5].entries())
    expect(Math.abs(tanh[i] - 2 * Math.tanh(x) * (1 - Math.tanh(x) ** 2))).toBeLessThan(2e-3);
  const resized = await slope((g, half) =>
    g.Reshape(g.ReduceMean(g.Reshape(half, { shape: [1, 3] }), { axes: [0], keepdims: 0 }), { shape: [3] }),
  );
  expect(resized).toEqual([2, -4, 1]);
});
