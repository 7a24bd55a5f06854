/** Names for what shrinking adds to a graph. */
import type { Graph, Value } from "../graph/types.ts";

/**
 * A name that nothing in the graph has.
 * @param also further values whose names are taken
 */
export function freshName(graph: Graph, stem: string, also: Iterable<Value> = []): string {
  const taken = new Set([...graph.inputs, ...graph.initializers.keys(), ...also].map((v) => v.name));
  for (const n of graph.nodes) for (const o of n.outputs) if (o) taken.add(o.name);
  let name = stem;
  for (let i = 1; taken.has(name); i++) name = `${stem}_${i}`;
  return name;
}
