import { expect, test } from "vitest";
import { loadGraph } from "../../test/fixtures/autodiff/run.ts";
import { builder } from "../graph/builder.ts";
import { check } from "../graph/check.ts";
import { f32, size } from "../graph/tensor.ts";
import type { Graph, Shape } from "../graph/types.ts";
import { withSumsInSteps } from "./sums.ts";
import { targetOf } from "./target.ts";

const two = targetOf({ device: "cpu", threads: 2 });

function sum(shape: Shape, axes?: readonly number[], keepdims: 0 | 1 = 0, op = "ReduceSum"): Graph {
  const g = builder("sum");
  g.output(g.emit(op, [g.input("x", "float32", shape)], { ...(axes && { axes }), keepdims })[0], "y");
  return g.build();
}

const sums = (graph: Graph, target = two): number =>
  withSumsInSteps(graph, target).nodes.filter((n) => n.op.startsWith("Reduce")).length;

const quarters = (shape: Shape) => Array.from({ length: size(shape) }, (_, i) => (((i * 7) % 13) - 6) / 4); // so that sums are exact

test("a long sum over the first axes goes in sections, and the values are the same", async () => {
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
    [[2008, 1], [0]],
  ])
    for (const keepdims of [0, 1] as const) {
      const graph = sum(shape, axes, keepdims);
      const made = withSumsInSteps(graph, two);
      expect([check(made), sums(graph)]).toEqual([[], 2]);
      const [got, wanted] = [await loadGraph(made), await loadGraph(graph)];
      const x = f32(quarters(shape), shape);
      expect((await got.run({ x })).y, `[${shape}] over ${axes}`).toEqual((await wanted.run({ x })).y);
      await got.release();
      await wanted.release();
    }
});

test("a sum around channels goes over each row first, for any threads, and the values are the same", async () => {
  for (const op of ["ReduceSum", "ReduceMean"])
    for (const [shape, axes] of [
      [
        [4, 3, 4, 8],
        [0, 2, 3],
      ],
      [
        [2, 2, 5, 16],
        [-1, 0],
      ],
      [
        [2, 3, 4, 32],
        [0, 1, 3],
      ],
    ])
      for (const keepdims of [0, 1] as const) {
        const graph = sum(shape, axes, keepdims, op);
        const made = withSumsInSteps(graph, { ...two, threads: 1 });
        expect([check(made), sums(graph)]).toEqual([[], 2]);
        const [got, wanted] = [await loadGraph(made), await loadGraph(graph)];
        const x = f32(quarters(shape), shape);
        const [a, b] = [(await got.run({ x })).y, (await wanted.run({ x })).y];
        expect(a.length).toBe(b.length);
        for (const [i, value] of a.entries()) expect(value).toBeCloseTo(b[i], 6);
        await got.release();
        await wanted.release();
      }
});

test("other sums stay as they are, and those over the first axes for one thread", () => {
  const stays = (...of: Parameters<typeof sum>) => expect(sums(sum(...of))).toBe(1);
  stays([1016, 5], [0]);
  stays([1025, 5], [0]);
  stays([2, 2048, 3], [1]);
  stays([2048, 3, 2], [0, 2]);
  stays([2048, 3]);
  stays([2048, 3], [0, 1]);
  stays([8, 3, 3, 5], [0, 2, 3]);
  stays([1, 3, 8, 8], [0, 2, 3]);
  stays([8, 3, 8, 3], [0, 2]);
  expect(sums(sum([1024, 5], [0]), { ...two, threads: 1 })).toBe(1);
});
