/** Patterns that choose stored tensors: by name ("layer1.**"), or by the operator that reads them ("op:Conv"). */
import { matchingNames } from "./name-patterns.ts";
import { operatorsOfStored } from "./roles.ts";
import type { Graph } from "./types.ts";

const OPERATOR = "op:";

/**
 * The names of initializers that match one of the patterns.
 * @param option what gave the patterns, for the message
 * @throws UsageError naming a pattern that matches nothing, and the nearest name
 */
export function storedMatching(graph: Graph, patterns: readonly string[], option: string): ReadonlySet<string> {
  const byName = patterns.filter((p) => !p.startsWith(OPERATOR));
  const names = [...graph.initializers.keys()].map((v) => v.name);
  const found = new Set(matchingNames(names, byName, option));
  if (byName.length === patterns.length) return found;
  const readers = operatorsOfStored(graph);
  const known = [...new Set([...readers.values()].flatMap((ops) => [...ops]))];
  for (const pattern of patterns.filter((p) => p.startsWith(OPERATOR))) {
    const operators = matchingNames(known, [pattern.slice(OPERATOR.length)], option);
    for (const [v, ops] of readers) if ([...ops].some((op) => operators.has(op))) found.add(v.name);
  }
  return found;
}
