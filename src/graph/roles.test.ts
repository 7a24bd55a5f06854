import { expect, test } from "vitest";
import { type Builder, builder } from "./builder.ts";
import { roles } from "./roles.ts";
import { storedMatching } from "./stored-matching.ts";
import { f32, full, i64 } from "./tensor.ts";
import type { Value } from "./types.ts";

const ramp = (...shape: number[]) =>
  f32(
    Array.from({ length: shape.reduce((n, d) => n * d, 1) }, (_, i) => ((i * 7) % 11) / 8 - 0.6),
    shape,
  );

/** The roles of what a function stores, as "name: why" of constants and "name" of parameters. */
function told(make: (g: Builder, x: Value) => Value, shape = [2, 3, 4]): string[] {
  const g = builder();
  g.output(make(g, g.input("x", "float32", shape)), "y");
  return [...roles(g.build())].map(([v, { learns, why }]) => (learns ? v.name : `${v.name}: ${why}`));
}

test("operands of operators that learn", () => {
  expect(
    told((g, x) => {
      const w = g.Transpose(g.initializer("w", ramp(5, 4)), { perm: [1, 0] });
      const y = g.Add(g.MatMul(x, g.Mul(w, g.initializer("half", f32([0.5], [])))), g.initializer("b", ramp(5)));
      const z = g.LayerNormalization(y, g.initializer("gamma", full([5], 1)), g.initializer("beta", full([5], 0)));
      return g.PRelu(z, g.initializer("slope", f32([0.25])));
    }),
  ).toEqual(["w", "half: one number for all", "b", "gamma", "beta", "slope"]);
});

test("ones and zeros of a norm of grouped channels do not learn, those of another norm do", () => {
  const norm = (g: Builder, v: Value, name: string, n: number, fill = 1) =>
    g.InstanceNormalization(v, g.initializer(`${name}.1`, full([n], fill)), g.initializer(`${name}.0`, full([n], 0)));
  const grouped = (g: Builder, v: Value, name: string, fill?: number) =>
    g.Reshape(norm(g, g.Reshape(v, { shape: [2, 2, 10] }), name, 2, fill), { shape: [2, 4, 5] });
  const why = "normalizes groups of channels in InstanceNormalization InstanceNormalization, and changes nothing";
  const make = (g: Builder, x: Value) => {
    const y = g.Mul(grouped(g, x, "folded"), g.initializer("scale", ramp(4, 1)));
    return norm(g, grouped(g, y, "trained", 0.5), "own", 4);
  };
  expect(told(make, [2, 4, 5])).toEqual([
    `folded.1: ${why}`,
    `folded.0: ${why}`,
    "scale",
    "trained.1",
    `trained.0: ${why.replace(",", "_1,")}`,
    "own.1",
    "own.0",
  ]);
});

test("a class token beside data, and not padding or coordinates that have no name", () => {
  expect(
    told((g, x) => {
      const token = g.Expand(g.initializer("cls_token", full([1, 1, 4], 0)), { shape: [2, 1, 4] });
      const stored = [
        ["expand", ramp(1, 1, 4)],
        ["val_1", full([2, 1, 4], 0)],
        ["val_2", ramp(2, 1, 4)],
      ] as const;
      const parts = stored.map(([name, t]) =>
        t.shape[0] === 2 ? g.initializer(name, t) : g.Expand(g.initializer(name, t), { shape: [2, 1, 4] }),
      );
      return g.Concat([token, ...parts, x], { axis: 1 });
    }),
  ).toEqual([
    "cls_token",
    "expand",
    "val_1: the same number everywhere, without a name",
    "val_2: a table, without a name",
  ]);
});

test("tables that indices of the input look up, and not the index", () => {
  const g = builder();
  const ids = g.input("ids", "int64", [2, 3]);
  const words = g.Gather(g.initializer("words", ramp(9, 4)), ids);
  const places = g.Gather(g.initializer("places", ramp(6, 4)), g.constant(i64([0, 1, 2])));
  const angles = g.MatMul(
    g.Cast(g.Unsqueeze(ids, { axes: [2] }), { to: "float32" }),
    g.initializer("inv_freq", ramp(1, 4)),
  );
  g.output(g.Mul(g.Add(words, places), g.Cos(angles)), "y");
  expect([...roles(g.build())].map(([v, r]) => `${v.name} ${r.learns}`)).toEqual([
    "words true",
    "places true",
    "inv_freq false",
  ]);
});

test("positions that an exporter looked up ahead of time are rows beside the rows of a table", () => {
  const said = (of: (g: Builder, words: Value) => Value) => {
    const g = builder();
    const words = g.Gather(g.initializer("words", ramp(9, 4)), g.input("ids", "int64", [2, 3]));
    g.output(g.Add(of(g, words), g.initializer("onnx::Add_7", ramp(3, 4))), "y");
    return [...roles(g.build())].filter(([v]) => v.name === "onnx::Add_7").map(([, r]) => r.learns);
  };
  expect(said((_, words) => words)).toEqual([true]);
  expect(said((g, words) => g.Mul(words, g.constant(f32([2], []))))).toEqual([true]);
  expect(said((g, words) => g.Relu(words))).toEqual([false]);
});

test("masks, factors, ε and tables of sines are constants", () => {
  const sines = f32(
    Array.from({ length: 12 }, (_, i) => (i % 2 ? Math.cos(i >> 2) : Math.sin(i >> 2))),
    [3, 4],
  );
  const shut = f32([0, -100, 0, 0], [4]);
  expect(
    told((g, x) => {
      const h = g.Relu(g.MatMul(x, g.initializer("w", ramp(4, 4))));
      const p = g.Add(g.Mul(h, g.initializer("scale", f32([0.5], []))), g.initializer("pe", sines));
      const masked = g.Add(g.Add(p, g.initializer("open", shut)), g.initializer("inf", f32([0, -Infinity, 0, 0])));
      return g.Pow(g.Softmax(masked), g.initializer("two", f32([2, 2, 2, 2])));
    }),
  ).toMatchInlineSnapshot(`
    [
      "w",
      "scale: one number for all",
      "pe: a table of sines and cosines",
      "open: a mask: added before a Softmax, 0 or far below",
      "inf: it holds infinity, as masks do",
      "two: operand 2 of Pow Pow, which does not learn",
    ]
  `);
});

test("weights that are NaN or infinite stay weights, so that they are named", () => {
  const broken = (...numbers: number[]) =>
    f32([...numbers, ...Array.from({ length: 16 - numbers.length }, () => 1)], [4, 4]);
  expect(told((g, x) => g.MatMul(x, g.initializer("w", broken(Infinity))))).toEqual(["w"]);
  expect(
    told((g, x) => g.Add(g.MatMul(x, g.initializer("w", ramp(4, 3))), g.initializer("b", f32([NaN, -Infinity, 0])))),
  ).toEqual(["w", "b"]);
});

test("names that exporters make up count only against what could be either", () => {
  const said = (name: string, values: ReturnType<typeof ramp>, product: boolean) =>
    told((g, x) => {
      const h = g.MatMul(x, g.initializer("w", ramp(4, 4)));
      return g.Add(product ? h : g.Relu(h), g.initializer(name, values));
    }).slice(1);
  expect(said("onnx::Add_7", full([4], 0), true)).toEqual(["onnx::Add_7"]); // a bias
  expect(said("onnx::Add_7", full([4], 0), false)).toEqual(["onnx::Add_7: the same number everywhere, without a name"]);
  expect(said("onnx::Add_7", ramp(4), false)).toEqual(["onnx::Add_7"]);
  expect(said("where_1", full([2, 1, 4], 0), false)).toEqual(["where_1: the same number everywhere, without a name"]);
  expect(said("/Constant_3_output_0", ramp(3, 4), false)).toEqual(["/Constant_3_output_0: a table without a name"]);
  expect(said("pos_embed", ramp(3, 4), false)).toEqual(["pos_embed"]);
  expect(said("shift", full([4], 0), false)).toEqual(["shift"]);
});

test("what acts on the input is its normalization; what meets no data learns nothing", () => {
  expect(
    told((g, x) => {
      const y = g.Div(g.Sub(x, g.initializer("mean", ramp(4))), g.initializer("std", full([4], 0.25)));
      return g.Add(g.MatMul(y, g.initializer("w", ramp(4, 4))), g.Expand(g.constant(f32([0])), { shape: [4] }));
    }),
  ).toMatchInlineSnapshot(`
    [
      "mean: it acts on the graph's input, as a normalization does",
      "std: it acts on the graph's input, as a normalization does",
      "w",
    ]
  `);
});

test("what the exporter marked is believed", () => {
  const g = builder();
  const x = g.input("x", "float32", [2, 4]);
  g.output(g.MatMul(g.MatMul(x, g.initializer("w", ramp(4, 4))), g.initializer("basis", ramp(4, 4))), "y");
  const marks = new Map([["basis", false]]);
  expect([...roles(g.build(), marks)].map(([v, r]) => `${v.name} ${r.learns}: ${r.why}`)).toMatchInlineSnapshot(`
    [
      "w true: operand 2 of MatMul MatMul",
      "basis false: marked as a constant by its exporter",
    ]
  `);
});

test("operators choose what they read", () => {
  const g = builder();
  const x = g.input("x", "float32", [1, 2, 5, 5]);
  const y = g.Conv(x, g.initializer("conv.w", ramp(3, 2, 3, 3)), g.initializer("conv.b", ramp(3)));
  g.output(g.Gemm(g.Flatten(y), g.initializer("fc.w", ramp(27, 2)), null), "y");
  const graph = g.build();
  expect([...storedMatching(graph, ["op:Conv"], "freeze")]).toEqual(["conv.w", "conv.b"]);
  expect([...storedMatching(graph, ["op:*", "fc.w"], "freeze")]).toEqual(["fc.w", "conv.w", "conv.b"]);
  expect(() => storedMatching(graph, ["op:Con"], "freeze")).toThrowErrorMatchingInlineSnapshot(`
    [EspalierError: freeze matches no parameter
      got     Con
      wanted  names of parameters; * stands for a part of a name, ** for any characters
      fix     did you mean Conv?]
  `);
});

test("a chain as long as a file can make it is no deeper than a short one", () => {
  const g = builder();
  let x: Value = g.Relu(g.input("x", "float32", [2, 4]));
  x = g.Add(x, g.initializer("mask", f32([0, -100, 0, 0])));
  for (let i = 0; i < 20_000; i++) x = g.Identity(x);
  g.output(g.Softmax(x), "y");
  expect([...roles(g.build()).values()].map((r) => r.why)).toEqual(["a mask: added before a Softmax, 0 or far below"]);
});
