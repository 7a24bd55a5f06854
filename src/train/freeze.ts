/** Parameters that stay as they are: positional encodings, masks and other buffers, or layers that are not to be trained. */
import { closest } from "fastest-levenshtein";
import { UsageError } from "../error.ts";
import type { Graph, Node } from "../graph/types.ts";

/** `*` stands for any characters but `.` and `/`, `**` for any characters. */
function expression(pattern: string): RegExp {
  const parts = pattern.split(/(\*+)/).map((part) => {
    if (part.startsWith("*")) return part === "*" ? "[^./]*" : ".*";
    return part.replaceAll(/[\\^$.+?()[\]{}|]/g, "\\$&");
  });
  return new RegExp(`^${parts.join("")}$`, "s");
}

/**
 * The names of the initializers that match one of the patterns.
 * @throws UsageError naming a pattern that matches nothing, and the nearest name
 */
export function frozenNames(graph: Graph, patterns: readonly string[]): ReadonlySet<string> {
  const names = [...graph.initializers.keys()].map((v) => v.name);
  const frozen = new Set<string>();
  for (const pattern of patterns) {
    const matches = expression(pattern);
    const found = names.filter((n) => matches.test(n));
    if (found.length === 0)
      throw new UsageError(
        `freeze matches no parameter`,
        { got: pattern, wanted: "names of parameters; * stands for a part of a name, ** for any characters" },
        names.length ? `did you mean ${closest(pattern, names)}?` : undefined,
      );
    for (const name of found) frozen.add(name);
  }
  return frozen;
}

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
    .map(
      ([v, t]): Node => ({ op: "Constant", domain: "", name: v.name, inputs: [], outputs: [v], attrs: { value: t } }),
    );
  return {
    ...graph,
    initializers: new Map(stored.filter(([v]) => !frozen.has(v.name))),
    nodes: [...constants, ...graph.nodes],
  };
}
