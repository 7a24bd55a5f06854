/** Copies a graph's nodes into a builder, with some values replaced and some nodes rewritten. */

import { invariant } from "../error.ts";
import type { Builder } from "./builder.ts";
import { heldBy } from "./nodes.ts";
import type { Graph, Node, Value } from "./types.ts";

/**
 * @param map what stands for the graph's inputs and initializers; every value made on the way is added
 * @param rewrite may emit something else for a node (given its mapped inputs) and return the outputs, or undefined to copy it
 */
export function inline(
  g: Builder,
  graph: Graph,
  map: Map<Value, Value>,
  rewrite: (node: Node, inputs: readonly (Value | null)[]) => readonly Value[] | undefined = () => undefined,
): void {
  for (const node of graph.nodes) {
    const inputs = node.inputs.map((x) => {
      invariant(!x || map.has(x), `inline: ${node.name} reads ${x?.name}, which is not mapped`);
      return x && map.get(x)!;
    });
    const outputs = rewrite(node, inputs) ?? copy(g, node, inputs);
    node.outputs.forEach((o, i) => {
      if (o) map.set(o, outputs[i]);
    });
  }
}

function copy(g: Builder, node: Node, inputs: readonly (Value | null)[]): readonly Value[] {
  const held = heldBy(node);
  return held ? [g.constant(held)] : g.emit(node.op, inputs, node.attrs);
}
