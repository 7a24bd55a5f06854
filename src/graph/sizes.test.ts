import { expect, test } from "vitest";
import { builder } from "./builder.ts";
import { computed, lengthAt, simplified, withSettledSizes } from "./sizes.ts";
import type { Computed, Graph, Size } from "./types.ts";

const n: Size = { of: "x", axis: 0 };
const int64 = ["int64", "int64"] as const;
const times = (a: Size, b: Size) => computed("Mul", [a, b], int64, "int64")!;
const at = (length: number) => (name: string) => (name === "x" ? [length, 6] : undefined);

/** x [1, 6] as `heads` of each sample, whose number is n times as many. */
function graphOf(heads: number, follows: Size): Graph {
  const g = builder();
  const x = g.input("x", "float32", [1, 6]);
  g.output(g.Reshape(x, { shape: [heads, -1] }), "y");
  const graph = g.build();
  const nodes = graph.nodes.map((node) =>
    node.op === "Reshape" ? { ...node, follows: { shape: [follows, -1] } } : node,
  );
  return { ...graph, nodes };
}
const followsIn = (graph: Graph) => graph.nodes.find((node) => node.follows)!.follows!.shape[0];

test("a size is what its operators make of lengths", () => {
  const half = computed("Div", [times(n, 5), 2], int64, "int64")!;
  expect([1, 2, 3].map((length) => lengthAt(half, at(length)))).toEqual([2, 5, 7]);
  expect(() => lengthAt({ of: "z", axis: 0 }, at(1))).toThrow("a size follows a value that is not there");
});

test("what exporters write for lengths that might be −1 is the length", () => {
  const none = computed("Equal", [n, -1], int64, "bool")!;
  const chosen = computed("Where", [none, 1, times(n, 1)], ["bool", "int64", "int64"], "int64")!;
  expect(simplified(chosen, (l) => l)).toEqual(n);
  expect(simplified(times(n, 3), () => 4)).toBe(12);
});

test("what takes too many steps to tell is not told", () => {
  let size: Size | undefined = n;
  for (let i = 0; i < 9 && size !== undefined; i++) size = computed("Add", [size, size], int64, "int64");
  expect(size).toBeUndefined();
});

test("an attribute that was cut takes what it follows with it", () => {
  const cut = withSettledSizes(graphOf(2, times(n, 3)));
  expect([1, 4].map((length) => lengthAt(followsIn(cut), at(length)))).toEqual([2, 8]);
  const same = graphOf(3, times(n, 3));
  expect(followsIn(withSettledSizes(same))).toBe(followsIn(same));
  expect((followsIn(cut) as Computed).op).toBe("Div");
});
