/** The model's forward pass inside a larger graph. */
import type { Builder } from "../graph/builder.ts";
import { inline } from "../graph/inline.ts";
import type { Graph, Node, Value } from "../graph/types.ts";
import { formIn, type Mode, type Training } from "./training-forms.ts";

export interface Forward extends Readonly<Training> {
  /** What stands for each value of the model's graph. */
  readonly map: ReadonlyMap<Value, Value>;
}

/**
 * Emits the model into `g`.
 * @param given what stands for the model's inputs, parameters and running statistics
 */
export function forward(g: Builder, graph: Graph, given: ReadonlyMap<Value, Value>, mode: Mode): Forward {
  const map = new Map(given);
  for (const [v, t] of graph.initializers) if (!map.has(v)) map.set(v, g.constant(t));
  const kept: Training = { running: new Map(), observed: [], masks: [], overrides: new Map(), exchanges: [] };
  const ownOf = (node: Node) => node.inputs.map((v) => (v && graph.initializers.has(v) ? v : null));
  inline(g, graph, map, (node, inputs) =>
    formIn(node, mode)?.(g, { in: inputs, attrs: node.attrs, makes: node.outputs[0]?.name ?? "" }, ownOf(node), kept),
  );
  return { map, ...kept };
}
