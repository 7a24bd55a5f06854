/** Questions about a graph's wiring, and the removal of what nobody reads. */
import { opOf } from "./ops/index.ts";
import { followedBy } from "./sizes.ts";
import type { Graph, Node, Value } from "./types.ts";

/** Which node makes each value. */
export function producers(graph: Graph): Map<Value, Node> {
  const map = new Map<Value, Node>();
  for (const node of graph.nodes) for (const o of node.outputs) if (o) map.set(o, node);
  return map;
}

/** Which nodes read each value, in order; a node that reads it twice stands there twice. */
export function consumers(graph: Graph): Map<Value, Node[]> {
  const map = new Map<Value, Node[]>();
  for (const node of graph.nodes)
    for (const x of node.inputs) {
      if (!x) continue;
      const list = map.get(x);
      if (list) list.push(node);
      else map.set(x, [node]);
    }
  return map;
}

/** Running means and variances of batch normalizations: stored, but not parameters. */
export function runningStatistics(graph: Graph): Set<Value> {
  const found = new Set<Value>();
  for (const { op, domain, inputs } of graph.nodes)
    for (const at of opOf(op, domain)?.statistics ?? []) {
      const v = inputs[at];
      if (v && graph.initializers.has(v)) found.add(v);
    }
  return found;
}

/** Nodes that the given values depend on, as a set. */
function ancestors(graph: Graph, of: readonly Value[]): Set<Node> {
  const wanted = new Set<Value>(of);
  const measured = new Set<string>(); // only their lengths are read
  const nodes = new Set<Node>();
  for (const node of [...graph.nodes].reverse()) {
    if (!node.outputs.some((o) => o && (wanted.has(o) || measured.has(o.name)))) continue;
    nodes.add(node);
    for (const x of node.inputs) if (x) wanted.add(x);
    for (const name of followedBy(node.follows)) measured.add(name);
  }
  return nodes;
}

/** The graph without nodes, initializers and optional outputs that no graph output depends on. Inputs stay. */
export function withoutUnread(graph: Graph): Graph {
  const live = ancestors(graph, graph.outputs);
  const read = new Set<Value>(graph.outputs);
  const kept = graph.nodes.filter((n) => live.has(n));
  for (const n of kept) for (const x of n.inputs) if (x) read.add(x);
  const nodes = kept.map((n): Node => {
    if (n.outputs.length === 1 || opOf(n.op, n.domain)?.everyOutput) return n;
    const outputs = n.outputs.map((o, i) => (i === 0 || (o && read.has(o)) ? o : null));
    while (outputs.at(-1) === null) outputs.pop();
    return { ...n, outputs };
  });
  const initializers = new Map([...graph.initializers].filter(([v]) => read.has(v)));
  return { ...graph, nodes, initializers };
}

/** The names of what a graph's nodes make. */
export const valueNames = ({ nodes }: Graph): string[] =>
  nodes.flatMap((n) => n.outputs.flatMap((o) => (o ? [o.name] : [])));
