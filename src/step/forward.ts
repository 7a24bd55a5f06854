/** The model's forward pass inside a larger graph, in training or evaluation mode. */
import type { Override } from "../autodiff/backward.ts";
import type { Builder } from "../graph/builder.ts";
import { inline } from "../graph/inline.ts";
import type { Graph, Shape, Value } from "../graph/types.ts";
import { batchNorm } from "./batch-norm.ts";

/** A dropout mask that the host draws: uint8, 1 = kept. */
export interface Mask {
  readonly name: string;
  readonly shape: Shape;
  readonly ratio: number;
}

export interface Forward {
  /** What stands for each value of the model's graph. */
  readonly map: ReadonlyMap<Value, Value>;
  /** New running statistics, by the initializer they replace. Empty in evaluation. */
  readonly running: ReadonlyMap<Value, Value>;
  readonly masks: readonly Mask[];
  /** Gradients that are written out instead of derived. */
  readonly overrides: ReadonlyMap<Value, Override>;
}

/**
 * Emits the model into `g`.
 * @param given what stands for the model's inputs, parameters and running statistics
 * @param training batch statistics and dropout masks; otherwise the graph as it is
 */
export function forward(g: Builder, graph: Graph, given: ReadonlyMap<Value, Value>, training: boolean): Forward {
  const map = new Map(given);
  for (const [v, t] of graph.initializers) if (!map.has(v)) map.set(v, g.constant(t));
  const running = new Map<Value, Value>();
  const masks: Mask[] = [];
  const overrides = new Map<Value, Override>();
  inline(g, graph, map, (node, inputs) => {
    if (!training) return undefined;
    if (node.op === "BatchNormalization" && graph.initializers.has(node.inputs[3]!)) {
      const bn = batchNorm(g, inputs as Value[], node.attrs as { epsilon: number; momentum: number });
      running.set(node.inputs[3]!, bn.runningMean);
      running.set(node.inputs[4]!, bn.runningVar);
      overrides.set(bn.y, bn.override);
      return [bn.y];
    }
    const ratio = node.attrs.ratio as number;
    if (node.op === "Dropout" && ratio > 0) {
      const [x] = inputs as Value[];
      const mask: Mask = { name: `mask/${masks.length}`, shape: x.shape, ratio };
      masks.push(mask);
      const kept = g.Cast(g.input(mask.name, "uint8", mask.shape), { to: "float32" });
      return [g.Mul(g.Mul(x, kept), 1 / (1 - ratio))]; // torch's inverted dropout
    }
    return undefined;
  });
  return { map, running, masks, overrides };
}
