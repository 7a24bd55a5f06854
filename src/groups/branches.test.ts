import { describe, expect, test } from "vitest";
import { all, model, residual, shapes, w } from "../../test/support/shrinkable-models.ts";
import { node } from "../engine/node.ts";
import type { Builder } from "../graph/builder.ts";
import type { Shape, Value } from "../graph/types.ts";
import { shrink } from "../shrink/shrink.ts";
import { groupSets } from "./groups.ts";

const engine = node({ threads: 1 });

/** What a branch makes of five hidden channels, of tensors of its own. */
type End = (g: Builder, hidden: Value, own: (name: string, shape: Shape) => Value) => Value;

/** x → x + branch(x), twice, as a transformer's layers do. */
const layers = (end: End, dead: readonly string[] = []) =>
  model(
    [4, 6],
    (g, x) => {
      const layer = (v: Value, name: string) => {
        const own = (part: string, shape: Shape) => w(g, `${name}.${part}`, shape);
        return g.Add(v, end(g, g.Relu(g.MatMul(v, own("up", [6, 5]))), own));
      };
      return g.MatMul(layer(layer(x, "a"), "b"), w(g, "head", [6, 3]));
    },
    (name, t) => (dead.includes(name) ? all(t) : t),
  );

const down: End = (g, h, own) => g.MatMul(h, own("down", [5, 6]));
const ends: readonly [string, End, readonly string[]][] = [
  ["a product and a bias", (g, h, own) => g.Add(down(g, h, own), own("bias", [6])), ["down", "bias"]],
  ["a product and a scale", (g, h, own) => g.Mul(down(g, h, own), own("scale", [6])), ["down"]],
  [
    "a norm",
    (g, h, own) => g.LayerNormalization(down(g, h, own), own("gain", [6]), own("bias", [6])),
    ["gain", "bias"],
  ],
  [
    "a product whose axes are put in order",
    (g, h, own) => {
      const y = g.MatMul(g.Transpose(h, { perm: [1, 0, 2] }), own("down", [5, 6]));
      return g.Reshape(g.Transpose(y, { perm: [1, 0, 2] }), { shape: [-1, 4, 6] });
    },
    ["down"],
  ],
];

describe.each(ends)("a branch that ends in %s", (_, end, last) => {
  test("has what makes it for its group", () => {
    const sets = groupSets(layers(end).graph, "layer");
    const names = sets.map(({ members }) => members.map((m) => m.param.name));
    expect(names).toEqual(["a", "b"].map((layer) => last.map((part) => `${layer}.${part}`)));
    expect(sets.map((s) => s.count)).toEqual([1, 1]);
  });

  test("goes as a whole where that is zero", async () => {
    const dead = last.map((part) => `a.${part}`);
    const { model: small } = await shrink(layers(end, dead), { engine });
    const live = [...layers(end).graph.initializers.keys()].map((v) => v.name);
    expect(Object.keys(shapes(small))).toEqual(live.filter((name) => !name.startsWith("a.")));
  });
});

test("what is read elsewhere, or made by no linear map, is no layer", () => {
  const twice: End = (g, h, own) => {
    const y = down(g, h, own);
    return g.Add(y, g.Softmax(y));
  };
  expect(groupSets(layers(twice).graph, "layer")).toEqual([]);
  expect(groupSets(layers((g, h, own) => g.Sigmoid(down(g, h, own))).graph, "layer")).toEqual([]);
});

test("a convolution with its bias, behind a shortcut, is a layer; the stem is none", () => {
  const [set, ...more] = groupSets(residual((_, t) => t).graph, "layer");
  expect(more).toEqual([]);
  expect(set).toMatchObject({ name: "b", count: 1, sizes: Float64Array.of(4 * 6 * 9 + 4) });
  expect(set.members.map((m) => m.param.name)).toEqual(["b", "b.bias"]);
});
