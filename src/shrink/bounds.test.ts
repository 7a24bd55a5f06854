/** Small graphs that describe huge things: what is looked at stays small. */
import { expect, test } from "vitest";
import { type Builder, builder } from "../graph/builder.ts";
import { full, zeros } from "../graph/tensor.ts";
import type { Graph, Shape, Value } from "../graph/types.ts";
import { obstacleText } from "../groups/channels.ts";
import { groupSets } from "../groups/groups.ts";
import { prove } from "../proof/prove.ts";
import { analyze } from "./analysis.ts";
import { certify } from "./certificate.ts";
import { plan } from "./plan.ts";

const w = (g: Builder, name: string, shape: Shape, x = 1): Value => g.initializer(name, full(shape, x));
const graph = (build: (g: Builder) => Value): Graph => {
  const g = builder();
  g.output(build(g), "y");
  return g.build();
};

/** How many different arrays of classes the axes of all values have, and of how many indices these are. */
function followed(whole: Graph): { arrays: number; indices: number } {
  const { graph, channels } = analyze(whole);
  const seen = new Set<Int32Array>();
  for (const v of [...graph.inputs, ...channels.stored.keys(), ...graph.nodes.flatMap((n) => n.outputs)])
    v?.shape.forEach((_, axis) => {
      const classes = channels.of(v, axis);
      if (classes) seen.add(classes);
    });
  return { arrays: seen.size, indices: [...seen].reduce((n, a) => n + a.length, 0) };
}

/** Why the channels that a stored tensor makes stay. */
const reasons = (whole: Graph): string[] => {
  const { channels, uses } = analyze(whole);
  const found = uses.flatMap(({ node, made }) => {
    const y = node.outputs[0]!;
    return [...(channels.of(y, made.axis) ?? [])].map((c) => channels.obstacle(c));
  });
  return [...new Set(found.flatMap((o) => (o ? [obstacleText(o)] : [])))];
};

test("a chain of operators has the classes of its first value, not one array each", () => {
  const net = graph((g) => {
    let h = g.MatMul(g.input("x", "float32", [1, 4]), w(g, "w", [4, 6]));
    for (let i = 0; i < 5000; i++) h = i % 2 ? g.Relu(h) : g.Add(h, h);
    return g.MatMul(h, w(g, "v", [6, 2]));
  });
  expect(followed(net)).toEqual({ arrays: 4, indices: 4 + 6 + 6 + 2 });
});

test("a Pad of 2²⁶ indices, of an axis or beside it", () => {
  for (const pads of [
    [0, 0, 0, 2 ** 26],
    [0, 0, 2 ** 26, 0],
  ]) {
    const net = graph((g) => {
      const h = g.MatMul(g.input("x", "float32", [1, 4]), g.initializer("w", zeros("float32", [4, 6])));
      return g.Relu(g.Pad(g.Add(h, w(g, "b", [6])), { pads }));
    });
    expect(followed(net).indices).toBeLessThan(100);
    expect(plan(analyze(net)).size).toBe(0);
    expect(groupSets(net, "coupled")).toEqual([]);
  }
});

test("an axis of more indices than are followed stays, and says why", () => {
  const flat = graph((g) => {
    const x = g.input("x", "float32", [1, 3, 8192, 8192]);
    const f = g.Relu(g.Flatten(g.Conv(x, w(g, "w", [4, 3, 1, 1]), null)));
    return g.Reshape(f, { shape: [1, 4, 8192, 8192] });
  });
  expect(followed(flat).indices).toBeLessThan(100);
  expect(reasons(flat)).toEqual(['Flatten "Flatten" makes more channels than are followed']);

  const doubled = graph((g) => {
    let h = g.MatMul(g.input("x", "float32", [1, 4]), w(g, "w", [4, 4]));
    for (let i = 0; i < 30; i++) h = g.Concat([h, h], { axis: 1 });
    return g.Relu(h);
  });
  expect(followed(doubled).indices).toBeLessThan(2 ** 23);
  expect(reasons(doubled)).toHaveLength(1);
  expect(reasons(doubled)[0]).toContain("makes more channels than are followed");
});

test("a stored tensor without elements, however long its other axis is", () => {
  const net = graph((g) => {
    g.output(g.Relu(g.initializer("w", zeros("float32", [0, 2 ** 40]))), "z");
    return g.Relu(g.input("x", "float32", [1, 4]));
  });
  expect(followed(net).indices).toBe(0);
  for (const kind of ["coupled", "inputChannel", "outputChannel"] as const) expect(groupSets(net, kind)).toEqual([]);
});

test("a value that a thousand layers leave empty one after the other is gone through once", () => {
  const net = graph((g) => {
    let h: Value = g.input("x", "float32", [1, 2]);
    for (let i = 0; i < 1000; i++) h = g.MatMul(h, g.initializer(`w${i}`, zeros("float32", [2, 2])));
    return h;
  });
  const removed = plan(analyze(net));
  expect(removed.size).toBe(999); // of two channels behind each layer but the last, one stays
  expect(removed.stays().filter((o) => o.why === "it is the last channel of")).toHaveLength(999);
});

test("a proof that would take more steps than are allowed says that it ended early", async () => {
  const net = graph((g) => {
    const a = g.initializer("a", zeros("float32", [1000]));
    let sum: Value = a;
    for (let i = 0; i < 2000; i++) sum = g.Add(sum, a);
    return g.Add(g.input("x", "float32", [1, 1000]), sum);
  });
  const full = { graph: net, opset: 17, dims: new Map(), metadata: new Map() };
  const { certificate } = await certify(full);
  expect(certificate.replaced).toHaveLength(1);
  expect(await prove(full, certificate)).toMatchObject({
    holds: false,
    ended: true,
    claims: 1 + certificate.removed.length,
  });
});
