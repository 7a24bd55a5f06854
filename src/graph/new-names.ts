/** Names for what is added to a graph. */
import type { Graph, Value } from "./types.ts";

/** The stem, or the first of stem_1, stem_2 … that is not taken; it is taken then. Names that are taken stay so. */
export function takeName(stem: string, taken: Set<string>): string {
  const tried = numbersTried.get(taken) ?? new Map<string, number>();
  numbersTried.set(taken, tried);
  let name = stem;
  let i = tried.get(stem) ?? 1;
  while (taken.has(name)) name = `${stem}_${i++}`;
  tried.set(stem, i);
  taken.add(name);
  return name;
}

/** Per set of names and stem, the first number that was not tried: so that many values of one stem are not counted through each time. */
const numbersTried = new WeakMap<Set<string>, Map<string, number>>();

/**
 * Names that a graph does not have yet, none twice.
 * @param also further values whose names are taken
 */
export function newNames(graph: Graph, also: Iterable<Value> = []): (stem: string) => string {
  const taken = new Set([...graph.inputs, ...graph.initializers.keys(), ...also].map((v) => v.name));
  for (const n of graph.nodes) for (const o of n.outputs) if (o) taken.add(o.name);
  return (stem) => takeName(stem, taken);
}
