import { expect, test } from "vitest";
import { loadGraph } from "../../test/fixtures/autodiff/run.ts";
import { builder } from "../graph/builder.ts";
import { check } from "../graph/check.ts";
import { f32, size } from "../graph/tensor.ts";
import type { Graph, Shape } from "../graph/types.ts";
import { withSumsByProducts } from "./sums.ts";

function sum(shape: Shape, axes?: readonly number[], keepdims: 0 | 1 = 0): Graph {
  const g = builder("sum");
  g.output(g.ReduceSum(g.input("x", "float32", shape), { ...(axes && { axes }), keepdims }), "y");
  return g.build();
}

const products = (graph: Graph): number => withSumsByProducts(graph).nodes.filter((n) => n.op === "MatMul").length;

test("a long sum over the first axes is a product with the same values", async () => {
  for (const [shape, axes] of [
    [[1024, 5], [0]],
    [
      [64, 17, 3, 2],
      [1, 0],
    ],
    [
      [40, 7, 4, 3],
      [-4, -2, 1],
    ],
    [[2000, 1], [0]],
  ])
    for (const keepdims of [0, 1] as const) {
      const graph = sum(shape, axes, keepdims);
      const made = withSumsByProducts(graph);
      expect([check(made), products(graph)]).toEqual([[], 1]);
      const quarters = Array.from({ length: size(shape) }, (_, i) => (((i * 7) % 13) - 6) / 4); // so that sums are exact
      const [got, wanted] = [await loadGraph(made), await loadGraph(graph)];
      const x = f32(quarters, shape);
      expect((await got.run({ x })).y, `[${shape}] over ${axes}`).toEqual((await wanted.run({ x })).y);
      await got.release();
      await wanted.release();
    }
});

test("other sums stay as they are", () => {
  expect(products(sum([1023, 5], [0]))).toBe(0);
  expect(products(sum([2, 2048, 3], [1]))).toBe(0);
  expect(products(sum([2048, 3, 2], [0, 2]))).toBe(0);
  expect(products(sum([2048, 3]))).toBe(0);
  expect(products(sum([2048, 3], [0, 1]))).toBe(0);
});
