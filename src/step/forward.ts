/** The model's forward pass inside a larger graph, in training or evaluation mode. */
import type { Builder } from "../graph/builder.ts";
import { inline } from "../graph/inline.ts";
import type { Graph, Node, Value } from "../graph/types.ts";
import { type Training, trainingFormOf } from "./training-forms.ts";

export interface Forward extends Readonly<Training> {
  /** What stands for each value of the model's graph. */
  readonly map: ReadonlyMap<Value, Value>;
}

/**
 * Emits the model into `g`.
 * @param given what stands for the model's inputs, parameters and running statistics
 * @param training batch statistics and dropout masks; otherwise the graph as it is
 */
export function forward(g: Builder, graph: Graph, given: ReadonlyMap<Value, Value>, training: boolean): Forward {
  const map = new Map(given);
  for (const [v, t] of graph.initializers) if (!map.has(v)) map.set(v, g.constant(t));
  const kept: Training = { running: new Map(), masks: [], overrides: new Map() };
  const ownOf = (node: Node) => node.inputs.map((v) => (v && graph.initializers.has(v) ? v : null));
  inline(g, graph, map, (node, inputs) =>
    training ? trainingFormOf(node)?.(g, { in: inputs, attrs: node.attrs }, ownOf(node), kept) : undefined,
  );
  return { map, ...kept };
}
