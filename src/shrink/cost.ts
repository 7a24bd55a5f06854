/** What a model costs: parameters, and multiply–accumulates for one sample. */
import { EspalierError } from "../error.ts";
import { aModel, wants } from "../given.ts";
import { atBatch } from "../graph/bind.ts";
import { macsOf } from "../graph/macs.ts";
import { isFloat, size } from "../graph/tensor.ts";
import type { Graph, Model, Value } from "../graph/types.ts";
import { runningStatistics } from "../graph/walk.ts";

/** What a model costs. */
export interface Cost {
  /** Elements of the stored float tensors, without running statistics. */
  readonly params: number;
  /** Multiply–accumulates of convolutions and matrix products at batch 1. */
  readonly macs: number;
}

/**
 * Counts parameters and multiply–accumulates.
 * @throws EspalierError where these are more than numbers hold exactly
 */
export function cost(model: Model): Cost {
  wants("cost", ["model", aModel, model]);
  return costOf(atBatch(model, 1));
}

/** The same, of a graph at batch 1. */
export function costOf(graph: Graph): Cost {
  const macs = graph.nodes.reduce((n, node) => n + macsOf(node), 0);
  if (!Number.isSafeInteger(macs))
    throw new EspalierError(
      "too-large",
      "the multiply–accumulates are more than can be counted",
      { got: macs, wanted: `at most ${Number.MAX_SAFE_INTEGER}` },
      "check the dimensions and attributes in the model",
    );
  return { params: parametersOf(graph).reduce((n, v) => n + size(v.shape), 0), macs };
}

/** The stored float tensors that are not running statistics. */
function parametersOf(graph: Graph): Value[] {
  const statistics = runningStatistics(graph);
  return [...graph.initializers.keys()].filter((v) => isFloat(v.dtype) && !statistics.has(v));
}
