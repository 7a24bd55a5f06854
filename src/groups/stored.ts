/** Stored tensors as nodes see them: an initializer or constant, perhaps through Identity and Transpose. */
import { heldBy } from "../graph/nodes.ts";
import { opOf } from "../graph/ops/index.ts";
import type { Graph, Tensor, Value } from "../graph/types.ts";

/** A value that is a stored tensor with its axes permuted. */
export interface Stored {
  /** The initializer or constant itself. */
  readonly root: Value;
  readonly tensor: Tensor;
  /** Axis i of the value is axis perm[i] of the root. */
  readonly perm: readonly number[];
}

/** All stored values of a graph. */
export function storedValues(graph: Graph): Map<Value, Stored> {
  const found = new Map<Value, Stored>();
  const root = (v: Value, tensor: Tensor) => found.set(v, { root: v, tensor, perm: v.shape.map((_, i) => i) });
  const inputs = new Set(graph.inputs);
  for (const [v, t] of graph.initializers) if (!inputs.has(v)) root(v, t);
  for (const node of graph.nodes) {
    const out = node.outputs[0]!;
    const held = heldBy(node);
    if (held) root(out, held);
    const from = node.inputs[0] && found.get(node.inputs[0]);
    const order = from && opOf(node.op, node.domain)?.permutes?.(node.inputs[0]!, node.attrs);
    if (order) found.set(out, { ...from, perm: order.map((p) => from.perm[p]) });
  }
  return found;
}
