/**
 * Sums over the first axes as a row of ones times a matrix: the gradients of biases, of a normalization's scale and offset. ONNX
 * Runtime's ReduceSum gives each thread some columns, so that each reads all of the memory, and is slower by two threads than by one:
 * [8320, 192] takes 0.16 ms by one thread, 0.38 by two, the product 0.11 and 0.11; [8320, 768] 1.0 and 2.5, the product 1.8 and 0.85;
 * [65536, 32] 0.33 and 0.88, the product 0.12 and 0.20 (onnxruntime-node 1.30, AMD EPYC with AVX-512). Sums are in another order.
 */
import { type Builder, builder } from "../graph/builder.ts";
import { constantOf, reshape } from "../graph/emit.ts";
import { size } from "../graph/tensor.ts";
import type { Graph, Node, Value } from "../graph/types.ts";
import { valueNames } from "../graph/walk.ts";

/** Fewer rows are summed as fast as they are, and the ones of more would take much memory. */
const ROWS = { least: 1024, most: 1 << 20 } as const;

/** A graph in which long sums over the first axes are products. Same inputs and outputs. */
export function withSumsByProducts(graph: Graph): Graph {
  const { meanings: _, ...plain } = graph;
  const g = builder(graph.name, { ...plain, nodes: [] });
  g.reserve(valueNames(graph));
  for (const node of graph.nodes) {
    const made = node.op === "ReduceSum" && node.domain === "" && g.scope(node.name, () => product(g, node));
    if (made) g.replace(node.outputs[0]!, made);
    else g.add(node);
  }
  return { ...g.build(), outputs: graph.outputs };
}

/** A sum as a product; undefined where it goes over other axes than the first, or over few or too many rows. */
function product(g: Builder, { inputs: [x], outputs: [y], attrs }: Node): Value | undefined {
  const { dtype, shape } = x!;
  const axes = ((attrs.axes as readonly number[] | undefined) ?? []).map((a) => (a < 0 ? a + shape.length : a));
  const isFirst = axes.length < shape.length && axes.every((a) => a < axes.length);
  const rows = size(shape.slice(0, axes.length));
  if (dtype !== "float32" || !isFirst || rows < ROWS.least || rows > ROWS.most) return undefined;
  const matrix = reshape(g, x!, [rows, size(shape.slice(axes.length))]);
  const ones = constantOf(g, dtype, [1, rows], () => 1);
  return reshape(g, g.MatMul(ones, matrix), y!.shape);
}
