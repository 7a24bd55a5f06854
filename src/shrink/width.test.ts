/** The width of what every layer adds to, and every norm adds up. */
import { describe, expect, test } from "vitest";
import { edited, fill, model, shapes, w } from "../../test/support/shrinkable-models.ts";
import { node } from "../engine/node.ts";
import type { Builder } from "../graph/builder.ts";
import { f32 } from "../graph/tensor.ts";
import type { Node, Tensor, Value } from "../graph/types.ts";
import { producers } from "../graph/walk.ts";
import { groupSets } from "../groups/groups.ts";
import { zeroGroups } from "../groups/zeros.ts";
import { prove } from "../proof/prove.ts";
import { analyze } from "./analysis.ts";
import { reduce } from "./apply.ts";
import { certify } from "./certificate.ts";
import { plan } from "./plan.ts";
import { shrink } from "./shrink.ts";

const engine = node({ threads: 1 });

type Norm = (g: Builder, x: Value, name: string) => Value;

/** As exporters write it: x / √(mean x² + ε) · γ. */
const rms: Norm = (g, x, name) => {
  const mean = g.ReduceMean(g.Pow(x, g.constant(f32([2], []))), { axes: [-1] });
  const root = g.Sqrt(g.Add(mean, g.constant(f32([1e-5], []))));
  return g.Mul(g.Mul(x, g.Reciprocal(root)), w(g, `${name}.weight`, [8]));
};

/** As operators. */
const layerNorm: Norm = (g, x, name) => g.LayerNormalization(x, w(g, `${name}.weight`, [8]), w(g, `${name}.bias`, [8]));
const rmsNorm: Norm = (g, x, name) => g.RMSNormalization(x, w(g, `${name}.weight`, [8]));

/** Two layers that add to a stream of 8 channels, each behind a norm. */
const stream = (norm: Norm, edit: (name: string, t: Tensor) => Tensor = (_, t) => t) =>
  model(
    [4, 60],
    (g, x) => {
      const layer = (v: Value, name: string) => {
        const hidden = g.Relu(g.MatMul(norm(g, v, `${name}.norm`), w(g, `${name}.up`, [8, 50])));
        return g.Add(v, g.Add(g.MatMul(hidden, w(g, `${name}.down`, [50, 8])), w(g, `${name}.bias`, [8])));
      };
      const v = g.MatMul(x, w(g, "stem", [60, 8]));
      return g.MatMul(norm(g, layer(layer(v, "a"), "b"), "last"), w(g, "head", [8, 3]));
    },
    edit,
  );

const made = ["stem", "a.down", "a.bias", "b.down", "b.bias"];
const normed = ["a.norm", "b.norm", "last"].flatMap((n) => [`${n}.weight`, `${n}.bias`]);
/** Zeros in all that makes some channels of the stream, and in the norms' own vectors. */
const without =
  (gone: readonly number[]) =>
  (name: string, t: Tensor): Tensor =>
    made.includes(name) || normed.includes(name) ? fill(t, t.shape.length - 1, gone) : t;

describe.each([
  ["RMS, written out", rms],
  ["LayerNormalization", layerNorm],
  ["RMSNormalization", rmsNorm],
] as const)("%s", (_, norm) => {
  test("a group has all that makes a channel, and its norms", () => {
    const [set] = groupSets(stream(norm).graph, "coupled", { side: "producer" }).filter((s) => s.count === 8);
    const names = set.members.map((m) => m.param.name).sort();
    const all = [...stream(norm).graph.initializers.keys()].map((v) => v.name);
    expect(names).toEqual(all.filter((n) => made.includes(n) || normed.includes(n)).sort());
  });

  test("who reads a channel cannot make that it goes", () => {
    const sets = groupSets(stream(norm).graph, "coupled");
    expect(sets.map((s) => s.members.map((m) => m.param.name))).toEqual([["a.down"], ["b.down"]]);
  });

  test("a channel goes where its group is zero, and again", async () => {
    const full = stream(norm, without([1, 6, 7]));
    const [set] = groupSets(full.graph, "coupled", { side: "producer" }).filter((s) => s.count === 8);
    const tensors = new Map([...full.graph.initializers].map(([v, t]) => [v.name, t]));
    expect([...zeroGroups(set, tensors)]).toEqual([0, 1, 0, 0, 0, 0, 1, 1]);
    const { model: small, verification } = await shrink(full, { engine });
    expect(verification.maxRel).toBeLessThan(2e-6);
    expect(shapes(small)).toMatchObject({ stem: "60×5", "a.up": "5×50", "a.down": "50×5", "b.bias": "5", head: "5×3" });
    const sparser = [...made, ...normed].reduce(
      (graph, name) => edited(graph, name, (t) => fill(t, t.shape.length - 1, [2])),
      small.graph,
    );
    const again = await shrink({ ...small, graph: sparser }, { engine });
    expect(again.verification.maxRel).toBeLessThan(2e-6);
    expect(shapes(again.model)).toMatchObject({ stem: "60×4", "a.down": "50×4", head: "4×3" });
    expect(again.model.graph.nodes.length).toBe(small.graph.nodes.length);
  });

  test("a channel stays where one of those that make it is not zero", async () => {
    const full = stream(norm, (name, t) => (name === "a.bias" ? t : without([1])(name, t)));
    const { model: small } = await shrink(full, { engine });
    expect(shapes(small)).toMatchObject({ stem: "60×8", head: "8×3" });
  });

  test("a proof finds a norm that divides by how many are left", async () => {
    const full = stream(norm, without([1, 6, 7]));
    const { model: small, certificate } = await certify(full);
    expect((await prove(full, certificate, { small })).problems).toEqual([]);
    const wrong = (n: Node): Node => {
      if (n.op === "Pad") return { ...n, attrs: { ...n.attrs, value: 1 } };
      const counts = n.op === "Constant" && (n.attrs.value as Tensor).data[0] === 8;
      return counts ? { ...n, attrs: { value: f32([7], []) } } : n;
    };
    const counting = { ...small, graph: { ...small.graph, nodes: small.graph.nodes.map(wrong) } };
    const { problems } = await prove(full, certificate, { small: counting });
    expect(problems.join("\n")).toMatch(/divides by another number of elements/);
  });

  test("a proof finds a norm over those that are left alone", async () => {
    const full = stream(norm, without([1, 6, 7]));
    const { model: small, certificate } = await certify(full);
    const makes = producers(small.graph);
    const whole = (v: Value | null) => (v && makes.get(v)?.op === "Pad" ? makes.get(v)!.inputs[0] : v);
    const narrow = small.graph.nodes.map((n) =>
      n.op === "ReduceSum" ? { ...n, op: "ReduceMean" } : { ...n, inputs: n.inputs.map(whole) },
    );
    const { problems } = await prove(full, certificate, {
      small: { ...small, graph: { ...small.graph, nodes: narrow } },
    });
    expect(problems.join("\n")).toMatch(/divides by another number of elements/);
  });
});

describe.each([
  ["LayerNormalization", layerNorm],
  ["RMSNormalization", rmsNorm],
] as const)("%s of what is padded already", (_, norm) => {
  // of 8 channels, of which the network itself makes the last two; one of the hidden ones is dead
  const padded = (attrs: { readonly mode: "constant" | "edge"; readonly value: number }) =>
    model(
      [4, 6],
      (g, x) => {
        const wide = norm(g, g.Pad(x, { pads: [0, 0, 0, 0, 0, 2], ...attrs }), "norm");
        return g.MatMul(g.Relu(g.MatMul(wide, w(g, "up", [8, 5]))), w(g, "down", [5, 3]));
      },
      (name, t) => (name === "up" ? fill(t, 1, [2]) : t),
    );

  test.each([
    { mode: "edge", value: 0 },
    { mode: "constant", value: 0.5 },
    { mode: "constant", value: 0 },
  ] as const)("by $mode $value: other channels go", async (attrs) => {
    const { model: small, proof } = await shrink(padded(attrs), { engine });
    expect(proof.holds).toBe(true);
    expect(shapes(small)).toMatchObject({ up: "8×4", down: "4×3" });
  });

  test("a proof finds what is put there in the small model alone", async () => {
    const full = stream(norm, without([1, 6, 7]));
    const { model: small, certificate } = await certify(full);
    const edges = small.graph.nodes.map((n) => (n.op === "Pad" ? { ...n, attrs: { ...n.attrs, mode: "edge" } } : n));
    const { problems } = await prove(full, certificate, {
      small: { ...small, graph: { ...small.graph, nodes: edges } },
    });
    expect(problems.join("\n")).toMatch(/divides by another number of elements/);
  });
});

test("what norms over fewer channels would take more bytes than those have stays, which is said", () => {
  const full = stream(layerNorm, without([1]));
  expect(reduce(full).removals).toEqual([]);
  const [kept] = plan(analyze(full.graph))
    .stays()
    .filter(({ why }) => /bytes/.test(why));
  expect(kept).toEqual({
    op: "LayerNormalization",
    name: "LayerNormalization",
    why: "over fewer channels would take more bytes than they save",
  });
});
