import { describe, expect, test } from "vitest";
import { loadGraph } from "../../test/fixtures/autodiff/run.ts";
import { type Builder, builder } from "../graph/builder.ts";
import { check } from "../graph/check.ts";
import { f32, size } from "../graph/tensor.ts";
import type { Graph, Node, Shape, Value } from "../graph/types.ts";
import { withFusedProducts } from "./products.ts";
import { portable, targetOf } from "./target.ts";

const cpu = targetOf({ device: "cpu", threads: 2 });

/** A graph of inputs a and b. */
function graphOf(a: Shape, b: Shape, body: (g: Builder, a: Value, b: Value) => Value): Graph {
  const g = builder("product");
  g.output(body(g, g.input("a", "float32", a), g.input("b", "float32", b)), "y");
  return g.build();
}

/** What computes; outputs are named by an Identity. */
const nodesOf = (graph: Graph): Node[] => graph.nodes.filter(({ op }) => op !== "Constant" && op !== "Identity");
const opsOf = (graph: Graph): string[] => nodesOf(graph).map((n) => n.op);

/** Operators of the graph with fused products, after its values were compared. Elements are quarters, so that sums are exact. */
async function fused(graph: Graph): Promise<string[]> {
  const made = withFusedProducts(graph, cpu);
  expect(check(made)).toEqual([]);
  const feeds = Object.fromEntries(
    graph.inputs.map(({ name, shape }, k) => [
      name,
      f32(
        Array.from({ length: size(shape) }, (_, i) => (((i * (5 + 2 * k)) % 13) - 6) / 4),
        shape,
      ),
    ]),
  );
  const [got, wanted] = [await loadGraph(made), await loadGraph(graph)];
  expect((await got.run(feeds)).y).toEqual((await wanted.run(feeds)).y);
  await got.release();
  await wanted.release();
  return opsOf(made);
}

const heads: Shape = [2, 5, 3, 4];

describe("a product has the same values", () => {
  test("with keys that came as columns, and factors, as in attention", async () => {
    const scores = graphOf(heads, heads, (g, q, k) => {
      const [rows, columns] = [g.Transpose(q, { perm: [0, 2, 1, 3] }), g.Transpose(k, { perm: [0, 2, 3, 1] })];
      return g.MatMul(g.Mul(rows, 0.5), g.Mul(columns, 0.5));
    });
    expect(await fused(scores)).toEqual(["Transpose", "Transpose", "FusedMatMul"]);
    expect(nodesOf(withFusedProducts(scores, cpu)).at(-1)?.attrs).toEqual({ alpha: 0.25, transA: 0, transB: 1 });
  });
  test("with a transpose of a transpose, which is the first's operand", async () => {
    const back = graphOf([2, 3, 5, 5], heads, (g, d, k) =>
      g.MatMul(d, g.Transpose(g.Transpose(k, { perm: [0, 2, 3, 1] }), { perm: [0, 1, 3, 2] })),
    );
    expect(await fused(back)).toEqual(["Transpose", "FusedMatMul"]);
  });
  test("turned round, where its rows are wanted as columns", async () => {
    const keys = graphOf(heads, [2, 3, 5, 7], (g, q, d) => {
      const columns = g.Transpose(q, { perm: [0, 2, 3, 1] });
      return g.Transpose(g.Mul(g.MatMul(columns, d), 0.5), { perm: [0, 3, 1, 2] });
    });
    expect(await fused(keys)).toEqual(["Transpose", "FusedMatMul", "Transpose"]);
    expect(nodesOf(withFusedProducts(keys, cpu)).at(-1)?.attrs.perm).toEqual([0, 2, 1, 3]);
    const weight = graphOf([6, 4], [6, 5], (g, x, dy) =>
      g.Transpose(g.MatMul(g.Transpose(x, { perm: [1, 0] }), dy), { perm: [1, 0] }),
    );
    expect(await fused(weight)).toEqual(["FusedMatMul"]);
  });
  for (const perm of [
    [0, 1, 2],
    [0, 2, 1],
    [1, 0, 2],
    [1, 2, 0],
    [2, 0, 1],
    [2, 1, 0],
  ])
    test(`with orders ${perm} of its operands and of itself`, async () => {
      const side = (n: number, m: number) => Object.assign([0, 0, 0], { [perm[0]]: 3, [perm[1]]: n, [perm[2]]: m });
      const graph = graphOf(side(4, 5), side(5, 6), (g, a, b) => {
        const product = g.MatMul(g.Transpose(a, { perm }), g.Transpose(b, { perm }));
        return g.Transpose(product, { perm });
      });
      await fused(graph);
    });
});

test("what others read stays, and a product of matrices is left to the runtime", async () => {
  const g = builder("product");
  const [a, b] = [g.input("a", "float32", [2, 3, 4]), g.input("b", "float32", [2, 3, 4])];
  const product = g.MatMul(g.Transpose(a, { perm: [0, 2, 1] }), b);
  g.output(product, "product");
  g.output(g.Transpose(product, { perm: [0, 2, 1] }), "turned");
  expect(opsOf(withFusedProducts(g.build(), cpu))).toEqual(["FusedMatMul", "Transpose"]);
  const linear = graphOf([6, 4], [5, 4], (h, x, w) => h.MatMul(x, h.Transpose(w, { perm: [1, 0] })));
  expect(withFusedProducts(linear, cpu).nodes).toEqual(linear.nodes);
  expect(withFusedProducts(linear, portable)).toBe(linear);
});
