/** A graph emitted anew, node by node, in other element types or by other operators. */
import { type Builder, builder } from "../../../src/graph/builder.ts";
import { heldBy } from "../../../src/graph/nodes.ts";
import type { Graph, Node, Tensor, Value } from "../../../src/graph/types.ts";

export interface Rebuilding {
  /** Default: as it is. */
  readonly value?: (v: Value) => Value;
  readonly stored?: (t: Tensor) => Tensor;
  /** @returns undefined where the node stays what it is */
  readonly node?: (g: Builder, node: Node) => readonly (Value | null)[] | undefined;
}

/** Inputs, stored tensors and outputs keep their names. */
export function rebuilt(
  graph: Graph,
  { value = (v) => v, stored = (t) => t, node: other = () => undefined }: Rebuilding,
): Graph {
  const g = builder(graph.name);
  const known = new Map<Value, Value>();
  g.reserve(graph.outputs.map((v) => v.name));
  for (const v of graph.inputs) {
    const { name, dtype, shape } = value(v);
    known.set(v, g.input(name, dtype, shape));
  }
  for (const [v, t] of graph.initializers) known.set(v, g.initializer(v.name, stored(t)));
  for (const node of graph.nodes) {
    const held = heldBy(node);
    const inputs = node.inputs.map((x) => x && known.get(x)!);
    const made = held
      ? [g.constant(stored(held))]
      : (other(g, { ...node, inputs }) ?? g.emit(node.op, inputs, node.attrs, node.domain));
    node.outputs.forEach((o, i) => {
      if (o && made[i]) known.set(o, made[i]);
    });
  }
  const built = g.build();
  const outputs = graph.outputs.map((o): Value => ({ ...known.get(o)!, name: o.name }));
  const renamed = builder(graph.name, built);
  outputs.forEach((o, i) => void renamed.output(renamed.Identity(known.get(graph.outputs[i])!), o.name));
  return renamed.build();
}
