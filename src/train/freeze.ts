/** Parameters that stay as they are: positional encodings, masks and other buffers, or layers that are not to be trained. */
import { matchingNames } from "../graph/name-patterns.ts";
import { nodes } from "../graph/nodes.ts";
import type { Graph } from "../graph/types.ts";

/**
 * The names of the initializers that match one of the patterns.
 * @throws UsageError naming a pattern that matches nothing, and the nearest name
 */
export const frozenNames = (graph: Graph, patterns: readonly string[]): ReadonlySet<string> =>
  matchingNames(
    [...graph.initializers.keys()].map((v) => v.name),
    patterns,
    "freeze",
  );

/**
 * The graph with the matching initializers as constants: nothing trains them, no group with them can die. A batch
 * normalization whose running statistics are frozen normalizes by them in training as well.
 */
export function freezeParameters(graph: Graph, patterns: readonly string[]): Graph {
  const frozen = frozenNames(graph, patterns);
  if (frozen.size === 0) return graph;
  const stored = [...graph.initializers];
  const constants = stored
    .filter(([v]) => frozen.has(v.name))
    .map(([v, t]) => nodes.Constant(v.name, [], { value: t }, v));
  return {
    ...graph,
    initializers: new Map(stored.filter(([v]) => !frozen.has(v.name))),
    nodes: [...constants, ...graph.nodes],
  };
}
