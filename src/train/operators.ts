/** What training and evaluation can rebuild: operators of the table. Others can only be run as they stand in the file. */
import { EspalierError } from "../error.ts";
import { opOf } from "../graph/ops/index.ts";
import { typeText } from "../graph/tensor.ts";
import type { Graph, Node, Value } from "../graph/types.ts";

/** "loss ← /head/MatMul ← /encoder/Einsum", by the shortest way; undefined when the node does not reach an output. */
function pathToLoss(graph: Graph, from: Node): string | undefined {
  const next = new Map<Node, Node | undefined>([[from, undefined]]); // each node met, and the one it was met from
  for (const [node] of next) {
    const made = new Set(node.outputs);
    if (graph.outputs.some((v) => made.has(v))) {
      const names: string[] = [];
      for (let at: Node | undefined = node; at; at = next.get(at)) names.push(at.name);
      return ["loss", ...names].join(" ← ");
    }
    for (const n of graph.nodes) if (!next.has(n) && n.inputs.some((x) => x && made.has(x))) next.set(n, node);
  }
  return undefined;
}

/**
 * @param lacking what the missing operator would need, for the message
 * @throws EspalierError naming the first operator outside the table, its node and its path to the loss
 */
export function checkOperators(graph: Graph, lacking: "gradient" | "shape"): void {
  const node = graph.nodes.find((n) => !opOf(n.op, n.domain));
  if (!node) return;
  const types = (values: readonly (Value | null)[]) => values.map((v) => (v ? typeText(v) : "—")).join(", ");
  throw new EspalierError(
    "unsupported",
    `no ${lacking} rule for ${node.domain ? `${node.domain}.` : ""}${node.op}`,
    { node: `${node.name}   ${types(node.inputs)} → ${types(node.outputs)}`, path: pathToLoss(graph, node) },
    "export the model with other operators in its place; inspect, shrink, verify and bench take it as it is",
  );
}
