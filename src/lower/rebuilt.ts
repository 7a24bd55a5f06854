/** The beginning of a pass that writes a graph anew, node by node. */
import { type Builder, builder } from "../graph/builder.ts";
import type { Graph } from "../graph/types.ts";
import { valueNames } from "../graph/walk.ts";

/** A builder with a graph's inputs, constants and names, and none of its nodes nor of its meanings. */
export function builderWithoutNodes(graph: Graph): Builder {
  const { meanings: _, ...plain } = graph;
  const g = builder(graph.name, { ...plain, nodes: [] });
  g.reserve(valueNames(graph));
  return g;
}
