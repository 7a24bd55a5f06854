/**
 * Operands of as many axes as what they are stretched to. ONNX Runtime goes from the last axis, and where it is 1 and the other operand
 * has fewer axes, it takes every element for a stretch of its own: [2048, 512, 1, 1] times a scalar takes 18 ms, times [1, 1, 1, 1] 0.3
 * (onnxruntime-node 1.30, Intel Xeon with AVX-512, one thread). So do the weights of every 1×1 convolution at each step.
 */
import type { Builder } from "../graph/builder.ts";
import { reshape } from "../graph/emit.ts";
import { entryOf } from "../graph/ops/index.ts";
import { size } from "../graph/tensor.ts";
import type { Graph, Node, Value } from "../graph/types.ts";
import { builderWithoutNodes } from "./rebuilt.ts";

/** Fewer elements do not pay for a further node. */
const LEAST = 1024;

/** A graph in which such operands have all axes. Same inputs, outputs and values. */
export function withEqualRanks(graph: Graph): Graph {
  const g = builderWithoutNodes(graph);
  const made = new Map<string, Value>();
  const stretched = (x: Value, rank: number): Value => {
    const key = `${rank} ${x.name}`;
    const known = made.get(key) ?? withAxes(g, x, rank);
    made.set(key, known);
    return known;
  };
  for (const node of graph.nodes) {
    const rank = isSlow(node) ? node.outputs[0]!.shape.length : 0;
    const inputs = node.inputs.map((x) => (x && x.shape.length < rank ? stretched(x, rank) : x));
    g.add(rank > 0 ? { ...node, inputs } : node);
  }
  return { ...g.build(), outputs: graph.outputs };
}

const isSlow = ({ op, domain, outputs: [y] }: Node): boolean =>
  !!entryOf(op, domain)?.broadcasts && y!.shape.at(-1) === 1 && size(y!.shape) >= LEAST;

/** x with axes of length 1 before its own. */
function withAxes(g: Builder, x: Value, rank: number): Value {
  const shape = [...Array.from({ length: rank - x.shape.length }, () => 1), ...x.shape];
  const t = g.tensorOf(x);
  return t ? g.constant({ ...t, shape }) : g.scope(x.name, () => reshape(g, x, shape));
}
