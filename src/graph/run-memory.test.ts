import { expect, test } from "vitest";
import { type Builder, builder } from "./builder.ts";
import { checkRunMemory, runMemory } from "./run-memory.ts";
import { full, zeros } from "./tensor.ts";
import type { Graph, Value } from "./types.ts";

const graph = (build: (g: Builder, x: Value) => Value): Graph => {
  const g = builder();
  g.output(build(g, g.input("x", "float32", [10, 100])), "y");
  return g.build();
};
const wider = (g: Builder, x: Value, n: number) =>
  g.Concat(
    Array.from({ length: n }, () => x),
    { axis: 0 },
  );

test("values count from where they are made to where they are last read", () => {
  expect(runMemory(graph((g, x) => g.Relu(x)))).toBe(4000 + 4000); // Relu's, and the Identity that names the output
  expect(runMemory(graph((g, x) => g.Relu(g.Relu(g.Relu(x)))))).toBe(8000);
  const branches = graph((g, x) => {
    const a = g.Relu(x);
    return g.Add(g.Neg(g.Abs(a)), a);
  });
  expect(runMemory(branches)).toBe(3 * 4000);
});

test("what is large by itself is refused, not what is large because it was given or stored so", () => {
  const bomb = graph((g, x) => wider(g, wider(g, x, 300), 400));
  expect(() => checkRunMemory(bomb)).toThrowErrorMatchingInlineSnapshot(`
    [EspalierError: the model takes too much memory to be run
      node    Concat "Concat_1"
      makes   float32[1200000,100]
      got     916 MiB
      wanted  at most 260 MiB: 1 KiB for each byte of what is given and stored, and 256 MiB
      fix     check the dimensions and attributes in the model, or give smaller inputs]
  `);
  const stored = graph((g, x) => {
    const held = g.constant(zeros("float32", [300, 1000]));
    return g.Mul(g.ReduceSum(x), wider(g, held, 300));
  });
  expect(runMemory(stored)).toBeGreaterThan(2 ** 28);
  expect(() => checkRunMemory(stored)).not.toThrow();
  expect(() => checkRunMemory(graph((g, x) => g.Mul(x, g.initializer("w", full([10, 100], 1)))))).not.toThrow();
});
