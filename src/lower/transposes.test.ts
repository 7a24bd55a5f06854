import { describe, expect, test } from "vitest";
import { loadGraph } from "../../test/fixtures/autodiff/run.ts";
import { builder } from "../graph/builder.ts";
import { check } from "../graph/check.ts";
import { f32, size } from "../graph/tensor.ts";
import type { Graph, Shape } from "../graph/types.ts";
import { lower } from "./lower.ts";
import { portable, targetOf } from "./target.ts";

const cpu = targetOf({ device: "cpu", threads: 1 });

function transpose(shape: Shape, perm: readonly number[]): Graph {
  const g = builder("turn");
  g.output(g.Transpose(g.input("x", "float32", shape), { perm: [...perm] }), "y");
  return g.build();
}

const permsOf = (graph: Graph): string[] =>
  graph.nodes.filter((n) => n.op === "Transpose").map((n) => `${n.attrs.perm}`);

/** Every order of the numbers below n. */
const orders = (n: number): number[][] =>
  n === 0 ? [[]] : orders(n - 1).flatMap((o) => Array.from({ length: n }, (_, i) => o.toSpliced(i, 0, n - 1)));

describe("a transpose in moves has the same values", () => {
  for (const shape of [
    [16, 17, 18],
    [7, 8, 9, 10],
    [5, 1, 30, 31],
    [3, 4, 5, 6, 13],
  ])
    test(`every order of ${shape}`, async () => {
      const x = f32(
        Array.from({ length: size(shape) }, (_, i) => i),
        shape,
      );
      let changed = 0;
      for (const perm of orders(shape.length)) {
        const graph = transpose(shape, perm);
        const lowered = lower(graph, cpu);
        if (lowered.nodes.length === graph.nodes.length) continue;
        changed++;
        expect(check(lowered)).toEqual([]);
        const [got, wanted] = [await loadGraph(lowered), await loadGraph(graph)];
        expect((await got.run({ x })).y, `${perm}`).toEqual((await wanted.run({ x })).y);
        await got.release();
        await wanted.release();
      }
      expect(changed).toBeGreaterThan(0);
    });
});

test("only what is slow is taken apart, for a target that was measured", () => {
  const [shape, perm] = [
    [64, 32, 9],
    [2, 1, 0],
  ];
  expect(permsOf(lower(transpose(shape, perm), cpu))).toEqual(["0,2,1", "1,0"]);
  expect(permsOf(lower(transpose(shape, perm), portable))).toEqual(["2,1,0"]);
  const asItIs = (of: Shape, by: number[]) => expect(permsOf(lower(transpose(of, by), cpu))).toEqual([`${by}`]);
  asItIs([64, 32, 9], [0, 2, 1]); // one axis moves
  asItIs([64, 32, 9, 9], [0, 2, 3, 1]);
  asItIs([8, 4, 2], [2, 1, 0]); // little to move
  asItIs([16, 9, 8, 64], [2, 1, 0, 3]); // whole pieces
});
