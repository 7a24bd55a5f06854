/** What a model costs: parameters, and multiply–accumulates for one sample. */
import { atBatch } from "../graph/infer.ts";
import { isFloat, size } from "../graph/tensor.ts";
import type { Graph, Model, Value } from "../graph/types.ts";
import { runningStatistics } from "../graph/walk.ts";
import { macsOf } from "./rules/index.ts";

/** What a model costs. */
export interface Cost {
  /** Elements of the stored float tensors, without running statistics. */
  readonly params: number;
  /** Multiply–accumulates of convolutions and matrix products at batch 1. */
  readonly macs: number;
}

/** Counts parameters and multiply–accumulates. */
export function cost(model: Model): Cost {
  const graph = atBatch(model, 1);
  const macs = graph.nodes.reduce((n, node) => n + macsOf(node), 0);
  return { params: parametersOf(graph).reduce((n, v) => n + size(v.shape), 0), macs };
}

/** The stored float tensors that are not running statistics. */
function parametersOf(graph: Graph): Value[] {
  const statistics = runningStatistics(graph);
  return [...graph.initializers.keys()].filter((v) => isFloat(v.dtype) && !statistics.has(v));
}
