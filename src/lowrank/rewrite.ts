/** Puts nodes and stored tensors in the place of others, keeping every order. */
import type { Graph, Node, Tensor, Value } from "../graph/types.ts";

/** What stands where something stood before. */
export interface Rewrite {
  readonly nodes: ReadonlyMap<Node, readonly Node[]>;
  readonly tensors: ReadonlyMap<Value, readonly (readonly [Value, Tensor])[]>;
}

export function rewrite(graph: Graph, { nodes, tensors }: Rewrite): Graph {
  return {
    ...graph,
    nodes: graph.nodes.flatMap((n) => nodes.get(n) ?? [n]),
    initializers: new Map([...graph.initializers].flatMap(([v, t]) => tensors.get(v) ?? [[v, t] as const])),
  };
}

/** A stored tensor under a name. */
export const stored = (name: string, tensor: Tensor): readonly [Value, Tensor] => [
  { name, dtype: tensor.dtype, shape: tensor.shape },
  tensor,
];

/** "fc1.weight", "low.0" → "fc1.low.0.weight" */
export const partName = (weight: string, part: string): string =>
  weight.endsWith(".weight") ? `${weight.slice(0, -"weight".length)}${part}.weight` : `${weight}.${part}`;
