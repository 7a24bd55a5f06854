/** Which stored tensors of a model are trained, which follow along (running statistics), which stay. */
import type { Graph, Tensor, Value } from "../graph/types.ts";
import { runningStatistics } from "../graph/walk.ts";

export interface Parameters {
  /** float32 initializers that gradients update. */
  readonly trained: readonly Value[];
  /** Running means and variances of BatchNormalization, updated by the forward pass. */
  readonly running: readonly Value[];
}

export function parameters(graph: Graph): Parameters {
  const running = runningStatistics(graph);
  const trained = [...graph.initializers.keys()].filter((v) => v.dtype === "float32" && !running.has(v));
  return { trained, running: [...running] };
}

/** The graph with some stored tensors replaced, by name. */
export function withTensors(graph: Graph, tensors: ReadonlyMap<string, Tensor>): Graph {
  const initializers = new Map<Value, Tensor>();
  for (const [v, t] of graph.initializers) initializers.set(v, tensors.get(v.name) ?? t);
  return { ...graph, initializers };
}

/** The tensors that a graph stores, by name: parameters and running statistics. */
export function storedWeights(graph: Graph): Map<string, Tensor> {
  const { trained, running } = parameters(graph);
  return new Map([...trained, ...running].map((v) => [v.name, graph.initializers.get(v)!]));
}
