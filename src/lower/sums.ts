/**
 * Sums over the first axes in two steps, for several threads: the gradients of biases, of a normalization's scale and offset. ONNX
 * Runtime's ReduceSum gives each thread some columns, so that each reads nearly all of the memory, and two threads are slower than one:
 * [8320, 192] takes 0.16 ms by one and 0.4 to 1.2 by two, [8320, 768] 1.0 and 2.5 to 5.5, [65536, 32] 0.33 and 0.9. First within 32
 * sections and then over them they take 0.08, 0.42 and 0.08 by two (onnxruntime-node 1.30, AMD EPYC with AVX-512). Sums are in another
 * order.
 */
import type { Builder } from "../graph/builder.ts";
import { reshape } from "../graph/emit.ts";
import { size } from "../graph/tensor.ts";
import type { Graph, Node, Value } from "../graph/types.ts";
import { builderWithoutNodes } from "./rebuilt.ts";
import type { Target } from "./target.ts";

/** Fewer rows are summed as fast as they are. */
const LEAST = 1024;
/** Sections that give every thread several, and few sums to add up. */
const SECTIONS = 32;

/** A graph in which long sums over the first axes are sums of sums. Same inputs and outputs. */
export function withSumsInSections(graph: Graph, { threads = 1 }: Target): Graph {
  if (threads === 1) return graph;
  const g = builderWithoutNodes(graph);
  for (const node of graph.nodes) {
    const made = node.op === "ReduceSum" && node.domain === "" && g.scope(node.name, () => inSections(g, node));
    if (made) g.replace(node.outputs[0]!, made);
    else g.add(node);
  }
  return { ...g.build(), outputs: graph.outputs };
}

/** A sum in sections; undefined where it goes over other axes than the first, over few rows, or rows that make no equal sections. */
function inSections(g: Builder, { inputs: [x], outputs: [y], attrs }: Node): Value | undefined {
  const { shape } = x!;
  const axes = ((attrs.axes as readonly number[] | undefined) ?? []).map((a) => (a < 0 ? a + shape.length : a));
  const isFirst = axes.length < shape.length && axes.every((a) => a < axes.length);
  const rows = size(shape.slice(0, axes.length));
  const sections = [SECTIONS, SECTIONS / 2, SECTIONS / 4].find((n) => rows % n === 0);
  if (!isFirst || rows < LEAST || !sections) return undefined;
  const columns = size(shape.slice(axes.length));
  const parts = g.ReduceSum(reshape(g, x!, [sections, rows / sections, columns]), { axes: [1], keepdims: 0 });
  return reshape(g, g.ReduceSum(parts, { axes: [0], keepdims: 0 }), y!.shape);
}
