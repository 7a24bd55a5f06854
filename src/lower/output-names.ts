/**
 * Outputs under the name that the graph gives them. A value that leaves by another name, and is read inside as well (the next momentum,
 * of which the next weights are made), is copied by an Identity that ONNX Runtime keeps: a pass over all slots at every step.
 */
import type { Graph, Value } from "../graph/types.ts";
import { producers } from "../graph/walk.ts";

/** A graph in which values that are computed bear the names of their outputs. Same inputs, outputs and values. */
export function withOutputNames(graph: Graph): Graph {
  const makes = producers(graph);
  const leaves = new Set(graph.outputs);
  const named = new Map<Value, Value>();
  for (const { op, domain, inputs, outputs } of graph.nodes) {
    const [from, to] = [inputs[0], outputs[0]];
    if (op !== "Identity" || domain !== "" || !from || !to || !leaves.has(to)) continue;
    if (makes.has(from) && !leaves.has(from) && !named.has(from)) named.set(from, to);
  }
  const by = (values: readonly (Value | null)[]) => values.map((v) => (v && named.get(v)) ?? v);
  const nodes = graph.nodes
    .filter(({ inputs: [from], outputs: [to] }) => !from || !to || named.get(from) !== to)
    .map((node) => ({ ...node, inputs: by(node.inputs), outputs: by(node.outputs) }));
  return { ...graph, nodes };
}
