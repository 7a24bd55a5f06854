/** Stored tensors as nodes see them: an initializer or constant, perhaps through Identity and Transpose. */
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
  for (const { op, domain, inputs: ins, outputs, attrs } of graph.nodes) {
    if (domain !== "") continue;
    const out = outputs[0]!;
    if (op === "Constant" && attrs.value) root(out, attrs.value as Tensor);
    const from = ins[0] && found.get(ins[0]);
    if (!from) continue;
    if (op === "Identity") found.set(out, from);
    if (op === "Transpose") found.set(out, { ...from, perm: (attrs.perm as number[]).map((p) => from.perm[p]) });
  }
  return found;
}
