import { expect, test } from "vitest";
import { loadGraph } from "../../test/fixtures/autodiff/run.ts";
import { backward } from "../autodiff/backward.ts";
import { type Builder, builder } from "../graph/builder.ts";
import { check } from "../graph/check.ts";
import { f32, size } from "../graph/tensor.ts";
import type { Graph, Shape, Tensor, Value } from "../graph/types.ts";
import { withoutUnread } from "../graph/walk.ts";
import { Random } from "../math/random.ts";
import { lower } from "./lower.ts";
import { portable, type Target, targetOf } from "./target.ts";

const cpu = targetOf({ device: "cpu", threads: 2 });
/** Takes tensors in pieces of 80 elements. */
const eager: Target = { ...cpu, thresholds: { ...cpu.thresholds!, pieceElements: 40, pieced: 60 } };

/** A function of values of the given shapes, and what its gradients at all of them are. */
function program(of: (g: Builder, inputs: readonly Value[]) => Value, ...shapes: readonly Shape[]): Graph {
  const g = builder("chain");
  const inputs = shapes.map((shape, i) => g.input(`x${i}`, "float32", shape));
  const y = g.output(of(g, inputs), "y");
  const gradients = backward(g, g.ReduceSum(g.Mul(y, y), { keepdims: 0 }), inputs);
  for (const v of inputs) g.output(gradients.get(v)!, `d${v.name}`);
  return withoutUnread(g.build());
}

const cases: Readonly<Record<string, Graph>> = {
  "a Gelu": program((g, [x]) => g.Gelu(x), [21, 3, 5]),
  "a Gelu by tanh behind a bias": program((g, [x, b]) => g.Gelu(g.Add(x, b), { approximate: "tanh" }), [64, 3], [3]),
  "a layer norm with a way past it": program(
    (g, [x, scale, bias]) => g.Add(x, g.LayerNormalization(g.Mul(x, x), scale, bias, { axis: -1 })),
    [40, 3, 2],
    [2],
    [2],
  ),
  "conditions, and one number for each sample": program(
    (g, [x, p]) => g.Where(g.Greater(x, p), g.Softplus(g.Mul(x, p)), g.Elu(g.Sub(p, g.Exp(x)))),
    [60, 3],
    [60, 1],
  ),
  "a product between two links, and a link past it": program(
    (g, [x, w]) => {
      const a = g.Mish(g.Mish(g.Mish(x)));
      const b = g.Mish(g.Mish(g.Mish(g.MatMul(a, w))));
      return g.Mul(b, a);
    },
    [50, 4],
    [4, 4],
  ),
  "a value that spreads over another first axis": program(
    (g, [x, y]) => g.Mish(g.Add(g.Mish(g.Mish(x)), g.Mish(g.Mul(y, 0.5)))),
    [90, 2],
    [3, 90, 2],
  ),
};

const draw = (shape: Shape, random: Random): Tensor =>
  f32(
    Array.from({ length: size(shape) }, () => 3 * random.uniform() - 1.5),
    shape,
  );

const cuts = (graph: Graph): number => graph.nodes.filter(({ op }) => op === "Gather").length;

for (const [name, graph] of Object.entries(cases))
  test(`${name}: pieces give the same bits`, async () => {
    const lowered = lower(graph, eager);
    expect(cuts(lowered)).toBeGreaterThan(0);
    expect(check(lowered)).toEqual([]);
    const random = new Random(5, "verify");
    const feeds = Object.fromEntries(graph.inputs.map((v) => [v.name, draw(v.shape, random)]));
    const [got, wanted] = [await loadGraph(lowered), await loadGraph(lower(graph, cpu))];
    expect(await got.run(feeds)).toEqual(await wanted.run(feeds));
    await got.release();
    await wanted.release();
  });

test("a chain of few passes stays whole, one of few large slices, and any where nothing was measured", () => {
  const short = program((g, [x]) => g.Relu(x), [64, 3]);
  const large = program((g, [x]) => g.Gelu(x), [3, 90]);
  for (const graph of [short, large]) expect(cuts(lower(graph, eager))).toBe(0);
  const gelu = cases["a Gelu"];
  for (const target of [cpu, portable]) expect(cuts(lower(gelu, target))).toBe(0);
});

test("a bias stays with its product", () => {
  const layer = program((g, [x, w, b]) => g.Gelu(g.Add(g.MatMul(x, w), b)), [64, 3], [3, 3], [3]);
  const { nodes } = lower(layer, eager);
  const [bias, ...more] = nodes.filter(({ op, inputs: [x] }) => op === "Add" && x!.name.startsWith("MatMul"));
  expect([bias.outputs[0]!.shape, more.length]).toEqual([[64, 3], 0]);
});

test("pieces are of the size that the threads share, the last one smaller", () => {
  const { nodes } = lower(cases["a Gelu by tanh behind a bias"], eager);
  const lengths = nodes.flatMap(({ op, outputs: [y] }) => (op === "Gather" ? [y!.shape[0]] : []));
  expect(lengths).toEqual([26, 26, 12]);
});
