/** Names for what is added to a graph. */
import type { Graph, Value } from "./types.ts";

/** The stem, or the first of stem_1, stem_2 … that is not taken; it is taken then. */
export function takeName(stem: string, taken: Set<string>): string {
  let name = stem;
  for (let i = 1; taken.has(name); i++) name = `${stem}_${i}`;
  taken.add(name);
  return name;
}

/**
 * Names that a graph does not have yet, none twice.
 * @param also further values whose names are taken
 */
export function newNames(graph: Graph, also: Iterable<Value> = []): (stem: string) => string {
  const taken = new Set([...graph.inputs, ...graph.initializers.keys(), ...also].map((v) => v.name));
  for (const n of graph.nodes) for (const o of n.outputs) if (o) taken.add(o.name);
  return (stem) => takeName(stem, taken);
}
