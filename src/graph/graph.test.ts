import { expect, test } from "vitest";
import { atBatch } from "./bind.ts";
import { builder } from "./builder.ts";
import { check } from "./check.ts";
import { reshapeInputs } from "./infer.ts";
import { print } from "./print.ts";
import { f32, full } from "./tensor.ts";
import type { Value } from "./types.ts";
import { withoutUnread } from "./walk.ts";

const tiny = () => {
  const g = builder("tiny");
  const x = g.input("x", "float32", [2, 3]);
  const w = g.initializer("w", full([4, 3], 0.5));
  const y = g.Relu(g.Gemm(x, w, null, { transB: 1 }));
  g.Mul(y, 2); // nobody reads it
  g.output(g.Add(y, g.constant(f32([1, 2, 3, 4]))), "y");
  return g.build();
};

test("prints one line per node", () => {
  expect(print(withoutUnread(tiny()))).toMatchInlineSnapshot(`
    "in   x: float32[2,3]
    init w: float32[4,3]
    Gemm: float32[2,4] = Gemm(x, w, transB=1, alpha=1, beta=1, transA=0)
    Relu: float32[2,4] = Relu(Gemm)
    Constant_1: float32[4] = Constant(value=float32[4]{1, 2, 3, 4})
    Add: float32[2,4] = Add(Relu, Constant_1)
    y: float32[2,4] = Identity(Add)
    out  y: float32[2,4]"
  `);
});

test("pruning keeps an output that nobody reads where the operator must have it", () => {
  const g = builder();
  const [values] = g.TopK(g.input("x", "float32", [3]), { k: 2, axis: 0 });
  g.output(values, "largest");
  const topK = withoutUnread(g.build()).nodes.find((n) => n.op === "TopK");
  expect(topK?.outputs.map((o) => o?.shape)).toEqual([[2], [2]]);
});

test("re-infers shapes for another batch", () => {
  const g = tiny();
  const { graph } = reshapeInputs(g, new Map([[g.inputs[0], [7, 3]]]));
  expect(graph.outputs[0].shape).toEqual([7, 4]);
  expect(check(graph)).toEqual([]);
});

test("a batch size concerns axis 0 alone; another dynamic axis keeps its size", () => {
  const g = builder();
  const x = g.input("x", "float32", [1, 5, 3]);
  g.output(g.Relu(x), "y");
  g.output(g.Neg(g.input("z", "float32", [4])), "minus");
  const dims = new Map([["x", ["batch", "length", 3]]]);
  const shapes = atBatch({ graph: g.build(), opset: 17, dims, metadata: new Map() }, 7).outputs.map((v) => v.shape);
  expect(shapes).toEqual([[7, 5, 3], [4]]);
});

test("a wrong shape names the node, what it got and what it wanted", () => {
  const g = builder();
  const a = g.input("a", "float32", [2, 3]);
  expect(() => g.MatMul(a, a)).toThrowErrorMatchingInlineSnapshot(`
    [EspalierError: MatMul: MatMul sizes differ
      node    MatMul
      inputs  float32[2,3], float32[2,3]
      got     [2,3] · [2,3]
      wanted  […,m,k] · […,k,n]]
  `);
});

test("a kernel_shape that is not the kernel's is refused", () => {
  const g = builder();
  const x = g.input("x", "float32", [1, 1, 9, 9]);
  const conv = () => g.Conv(x, g.constant(full([1, 1, 3, 3], 1)), null, { kernel_shape: [7, 3] });
  expect(conv).toThrow("Conv: kernel_shape is not that of the kernel");
});

test("emits operators of other domains, typed and shaped as those of the table", () => {
  const g = builder();
  const a = g.input("a", "float32", [3, 2]);
  const b = g.input("b", "float32", [4, 3]);
  g.output(g.in("com.microsoft").FusedMatMul(a, b, { transA: 1, transB: 1, alpha: 2 }), "y");
  expect(check(g.build())).toEqual([]);
  expect(g.build().outputs[0].shape).toEqual([2, 4]);
  expect(() => g.in("com.microsoft").FusedMatMul(a, b)).toThrow("MatMul sizes differ");
});

test("a value is made otherwise, and its readers do not notice", () => {
  const g = builder();
  const x = g.input("x", "float32", [2]);
  const y: Value = { name: "y", dtype: "float32", shape: [2] };
  const z: Value = { name: "z", dtype: "float32", shape: [2] };
  g.replace(y, g.Exp(g.Neg(x)));
  g.replace(z, x); // nothing was emitted
  g.output(g.Add(y, z), "sum");
  expect(check(g.build())).toEqual([]);
  expect(g.build().nodes.map((n) => n.op)).toEqual(["Neg", "Exp", "Identity", "Add", "Identity"]);
  expect(() => g.replace({ ...y, shape: [3] }, x)).toThrow("y is float32[3], not float32[2]");
});

test("what a value means is kept by pruning, and gone where values are new", () => {
  const g = builder();
  const x = g.input("x", "float32", [2]);
  const y = g.output(g.means(g.Relu(x), "ReluGradient", [x, x], {}));
  expect(() => g.means(y, "ReluGradient", [x, x], {})).toThrow("means two things");
  const graph = withoutUnread(g.build());
  expect(graph.meanings?.get(y)?.of).toBe("ReluGradient");
  expect(reshapeInputs(graph, new Map([[x, [3]]])).graph.meanings).toBeUndefined();
});
