/** Small graphs that describe huge things: what a proof writes down of them stays small. */
import { expect, test } from "vitest";
import { type Builder, builder } from "../graph/builder.ts";
import { f32, full } from "../graph/tensor.ts";
import type { Value } from "../graph/types.ts";
import { factsOf, needsOf } from "./walks.ts";

const cases: Record<string, (g: Builder) => Value> = {
  "a Pad of 2²⁶ indices": (g) => {
    const h = g.MatMul(g.input("x", "float32", [1, 4]), g.initializer("w", full([4, 6], 1)));
    return g.Relu(g.Pad(g.Add(h, g.initializer("b", full([6], 2))), { pads: [0, 0, 0, 2 ** 26] }));
  },
  "a Tile of 2²⁶ indices": (g) => g.Tile(g.input("x", "float32", [1, 4]), { repeats: [2 ** 13, 2 ** 13] }),
  "a Slice of 2³⁰ indices": (g) =>
    g.Slice(g.input("x", "float32", [1, 2 ** 30]), { starts: [1], ends: [2 ** 30], axes: [1] }),
  "a stored matrix made of 16 elements": (g) => {
    const w = g.Tile(g.initializer("w", f32([...Array(16).keys()], [4, 4])), { repeats: [2 ** 13, 2 ** 13] });
    return g.MatMul(g.input("x", "float32", [1, 2 ** 15]), w);
  },
  "a product over 2²⁹ terms": (g) => {
    const ones = (shape: number[]) => g.ConstantOfShape({ value: full([1], 1), shape });
    const y = g.MatMul(ones([16, 2 ** 29]), ones([2 ** 29, 16]));
    return g.Add(g.input("x", "float32", [16, 16]), y);
  },
  "a sum of two vectors as rows and columns": (g) => {
    const v = (name: string, shape: number[]) =>
      g.initializer(name, f32(Float32Array.from(Array(2 ** 14).keys()), shape));
    const y = g.ReduceMax(g.Add(v("a", [2 ** 14, 1]), v("b", [1, 2 ** 14])));
    return g.Add(g.input("x", "float32", [1, 1]), y);
  },
  "a Concat of a value with itself, thirty times over": (g) => {
    let h = g.Add(g.input("x", "float32", [1, 4]), g.initializer("b", f32([1, 2, 3, 4])));
    for (let i = 0; i < 30; i++) h = g.Concat([h, h], { axis: 1 });
    return h;
  },
};

test.each(Object.entries(cases))("%s", (_, build) => {
  const g = builder();
  g.output(build(g), "y");
  const graph = g.build();
  const facts = factsOf(graph);
  const needs = needsOf(graph, facts, new Map());
  const values = [...facts.keys()];
  expect(values.reduce((n, v) => n + facts.get(v)!.value.length, 0)).toBeLessThan(2 ** 22);
  expect(values.reduce((n, v) => n + needs.of(v).level.length, 0)).toBeLessThan(2 ** 22);
  for (const v of graph.inputs) expect(needs.of(v).level.includes(3)).toBe(true);
});
