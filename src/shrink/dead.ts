/**
 * Values that are constant as a whole. Where one meets a live value elementwise (a dead residual branch) it becomes a
 * small constant, or nothing when it is neutral; elsewhere (a dead chain) it becomes its constant, repeated for the
 * batch. What computed it is then read by nobody and goes.
 */
import { type Allowance, storedElements } from "../graph/allowance.ts";
import { axesOfInput, batchSymbol, bind, otherSizes, type Sizes } from "../graph/bind.ts";
import { builder } from "../graph/builder.ts";
import { nodes } from "../graph/nodes.ts";
import { opOf } from "../graph/ops/index.ts";
import { f32, sameShape, size } from "../graph/tensor.ts";
import type { Graph, Model, Node, Shape, Value } from "../graph/types.ts";
import { consumers, withoutUnread } from "../graph/walk.ts";
import type { Replacement } from "../proof/certificate.ts";
import type { Analysis } from "./analysis.ts";
import { shrinkRuleOf } from "./rules/index.ts";

/**
 * The first replacement that can be made, or undefined.
 * @param allowance how many nodes may still be gone through
 */
export function replaceConstant(
  model: Model,
  analysis: Analysis,
  allowance: Allowance,
): (Replacement & { graph: Graph }) | undefined {
  const { graph } = analysis;
  const stored = storedElements(graph);
  const follows = followsSize(model, graph);
  const outputs = new Set(graph.outputs);
  const readers = consumers(graph);
  for (const node of graph.nodes)
    for (const x of node.outputs) {
      const constant = x && !analysis.channels.stored.has(x) && constantOf(analysis, x, follows);
      if (!constant) continue;
      const reader = readers.get(x)?.find((n) => n.outputs.some((o) => o && !constantOf(analysis, o, follows)));
      if (!reader && !outputs.has(x)) continue;
      if (!allowance.take(graph.nodes.length)) return undefined;
      const smaller = reader && besideLive(graph, reader, x, constant);
      if (smaller) return { value: x.name, ...smaller };
      const repeated = repeat(model, graph, x, constant, stored);
      if (repeated && storedElements(repeated) < stored) return { value: x.name, by: "constant", graph: repeated };
    }
  return undefined;
}

/** A constant value with as few elements as broadcasting allows; its rank is at most the value's. */
interface Constant {
  readonly shape: Shape;
  readonly data: Float64Array;
}

/** Whether the length of an axis is another at other sizes of the inputs, the batch apart. */
function followsSize(model: Model, graph: Graph): (v: Value, axis: number) => boolean {
  const others = otherSizes(model);
  if (!others) return () => false;
  const shapes = new Map(
    bind({ ...model, graph }, others).nodes.flatMap((n) => n.outputs.map((o) => [o?.name, o?.shape])),
  );
  return (v, axis) => shapes.get(v.name)?.[axis] !== v.shape[axis];
}

function constantOf(
  { constants }: Analysis,
  v: Value,
  follows: (v: Value, axis: number) => boolean,
): Constant | undefined {
  for (let axis = 0; axis < v.shape.length; axis++) {
    const data = constants.of(v, axis);
    if (!data?.length || data.some((c) => Number.isNaN(c))) continue;
    if (data.every((c) => c === data[0])) return { shape: [], data: data.slice(0, 1) };
    if (follows(v, axis)) continue;
    return { shape: v.shape.slice(axis).map((d, i) => (i === 0 ? d : 1)), data };
  }
  return undefined;
}

/** `x + constant` where x alone has the result's shape: the constant goes, or becomes small. */
function besideLive(
  whole: Graph,
  reader: Node,
  x: Value,
  constant: Constant,
): { graph: Graph; by: Replacement["by"] } | undefined {
  const y = reader.outputs[0]!;
  const live = reader.inputs.find((z) => z !== x && z && sameShape(z.shape, y.shape));
  const fold = shrinkRuleOf(reader)?.fold;
  const operand = fold && "operand" in fold ? fold.operand : undefined;
  if (!operand || !live) return undefined;
  const { neutral } = operand;
  const skipped =
    reader.inputs.length === 2 &&
    neutral?.at.includes(reader.inputs.indexOf(x)) &&
    constant.data.every((c) => c === neutral.value);
  if (skipped) {
    const passed = nodes.Identity(reader.name, [live], {}, y);
    const shorter = whole.nodes.map((n) => (n === reader ? passed : n));
    return { graph: withoutUnread(withoutIdentity({ ...whole, nodes: shorter }, y, live)), by: "nothing" };
  }
  const value = f32(constant.data, constant.shape);
  const made = nodes.Constant(`${x.name}/constant/${reader.name}`, [], { value });
  const small = made.outputs[0];
  const smaller = { ...reader, inputs: reader.inputs.map((z) => (z === x ? small : z)) };
  const longer = whole.nodes.flatMap((n) => (n === reader ? [made, smaller] : [n]));
  return { graph: withoutUnread({ ...whole, nodes: longer }), by: "constant" };
}

/**
 * Readers of an Identity's output read its input instead. It stays where the name matters: at an output of the network,
 * and before operators whose subgraphs may read it by name.
 */
function withoutIdentity(graph: Graph, y: Value, x: Value): Graph {
  const readers = graph.nodes.filter((n) => n.inputs.includes(y));
  if (graph.outputs.includes(y) || readers.some((n) => !opOf(n.op, n.domain))) return graph;
  const renewed = graph.nodes.map((n) =>
    readers.includes(n) ? { ...n, inputs: n.inputs.map((z) => (z === y ? x : z)) } : n,
  );
  return { ...graph, nodes: renewed };
}

/**
 * The graph in which x is made of a stored constant and the batch size alone; undefined when that cannot be.
 * @param stored how many elements are stored now; a constant of as many would save nothing
 */
function repeat(model: Model, graph: Graph, x: Value, constant: Constant, stored: number): Graph | undefined {
  if (x.dtype !== "float32") return undefined;
  const batch = batchOf({ ...model, graph }, x);
  if (batch === undefined || size(batch ? x.shape.slice(1) : x.shape) >= stored) return undefined;
  const g = builder(graph.name, { ...graph, nodes: [], outputs: [] });
  const made = g.scope(`${x.name}/constant`, () => {
    if (!batch) return g.constant(f32(spread(constant, x.shape), x.shape));
    const values = g.constant(f32(spread(constant, [1, ...x.shape.slice(1)]), [1, ...x.shape.slice(1)]));
    const floats = batch.dtype === "float32" ? batch : g.Cast(batch, { to: "float32" });
    const first = g.Slice(g.Flatten(floats), { starts: [0], ends: [1], axes: [1] });
    const zero = g.Cast(g.Greater(first, first), { to: "float32" }); // 0 even where the input is not finite
    return g.Add(g.Reshape(zero, { shape: x.shape.map((_, i) => (i === 0 ? -1 : 1)) }), values);
  });
  const rename = (from: Value, to: Value) => (n: Node) => ({
    ...n,
    outputs: n.outputs.map((o) => (o === from ? to : o)),
  });
  const unread: Value = { ...x, name: `${made.name}/unread` };
  return withoutUnread({
    ...graph,
    nodes: [...g.build().nodes.map(rename(made, x)), ...graph.nodes.map(rename(x, unread))],
  });
}

/** The constant's elements, broadcast to a shape. */
function spread({ shape, data }: Constant, to: Shape): Float64Array {
  const inner = size(shape.length ? to.slice(to.length - shape.length + 1) : []);
  return Float64Array.from({ length: size(to) }, (_, i) => data[Math.floor(i / inner) % data.length]);
}

/**
 * The network input whose first axis, the batch, is also the first axis of a value of which nothing else depends on it.
 * null: the value does not depend on the batch. undefined: it depends on it in another way.
 */
function batchOf(model: Model, x: Value): Value | null | undefined {
  const batch = batchSymbol(model);
  const others = otherSizes(model) ?? {};
  const shapeAt = (sizes: Sizes) => {
    const outputs = bind(model, sizes).nodes.flatMap((node) => node.outputs);
    return outputs.find((o) => o?.name === x.name)!.shape;
  };
  if (batch === undefined) return sameShape(x.shape, shapeAt(others)) ? null : undefined;
  const [two, three] = [shapeAt({ [batch]: 2 }), shapeAt({ ...others, [batch]: 3 })];
  if (sameShape(two, three)) return null;
  const firstOnly = two[0] === 2 && three[0] === 3 && sameShape(two.slice(1), three.slice(1));
  const batched = (v: Value) => axesOfInput(model, v).every((d, i) => (typeof d === "string") === (i === 0));
  return firstOnly ? model.graph.inputs.find(batched) : undefined;
}
