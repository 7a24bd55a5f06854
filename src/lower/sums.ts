/**
 * Sums in two steps. Those over the first axes, for several threads: the gradients of biases, of a normalization's scale and offset. ONNX
 * Runtime's ReduceSum gives each thread some columns, so that each reads nearly all of the memory, and two threads are slower than one:
 * [8320, 192] takes 0.16 ms by one and 0.4 to 1.2 by two, [8320, 768] 1.0 and 2.5 to 5.5, [65536, 32] 0.33 and 0.9. First within 32
 * sections and then over them they take 0.08, 0.42 and 0.08 by two (onnxruntime-node 1.30, AMD EPYC with AVX-512). And sums over samples
 * and positions, a batch normalization's and those of a convolution's bias, first over each row: its kernel for both at once takes 3.4 times
 * as long for [128, 144, 32, 32], 3.9 for [128, 576, 8, 8], 3 for [128, 960, 4, 4] and 1.1 to 1.9 by 16 samples (one thread). Sums are in
 * another order.
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

/** A graph in which long sums over the first axes, and sums around channels, are sums of sums. Same inputs and outputs. */
export function withSumsInSteps(graph: Graph, { threads = 1 }: Target): Graph {
  const g = builderWithoutNodes(graph);
  const made = (node: Node): Value | undefined =>
    aroundChannels(g, node) ?? (threads > 1 ? inSections(g, node) : undefined);
  for (const node of graph.nodes) {
    const sum = node.domain === "" && steps.has(node.op) && g.scope(node.name, () => made(node));
    if (sum) g.replace(node.outputs[0]!, sum);
    else g.add(node);
  }
  return { ...g.build(), outputs: graph.outputs };
}

/** What can be taken in steps of equal lengths. */
const steps: ReadonlySet<string> = new Set(["ReduceSum", "ReduceMean"]);

/** Fewer elements behind the channel are not worth a step of their own. */
const LEAST_BEHIND = 16;

/** A sum over the first axes and over the last ones, first over the last; undefined of others. */
function aroundChannels(g: Builder, node: Node): Value | undefined {
  const {
    inputs: [x],
    outputs: [y],
  } = node;
  const { shape } = x!;
  const axes = axesOf(node);
  const kept = [...shape.keys()].filter((axis) => !axes.includes(axis));
  const [begin, end] = [kept.at(0), kept.at(-1)];
  if (begin === undefined || end === undefined || end - begin !== kept.length - 1) return undefined;
  const [before, channels, behind] = [shape.slice(0, begin), shape.slice(begin, end + 1), shape.slice(end + 1)].map(
    size,
  );
  if (before === 1 || behind < LEAST_BEHIND || x!.dtype !== "float32") return undefined;
  const sum = (v: Value, axis: number) => g.emit(node.op, [v], { axes: [axis], keepdims: 0 })[0];
  const rows = sum(reshape(g, x!, [before * channels, behind]), 1);
  return reshape(g, sum(reshape(g, rows, [before, channels]), 0), y!.shape);
}

const axesOf = ({ inputs: [x], attrs }: Node): number[] =>
  ((attrs.axes as readonly number[] | undefined) ?? []).map((a) => (a < 0 ? a + x!.shape.length : a));

/** A sum in sections; undefined where it goes over other axes than the first, over few rows, or rows that make no equal sections. */
function inSections(g: Builder, node: Node): Value | undefined {
  if (node.op !== "ReduceSum") return undefined;
  const {
    inputs: [x],
    outputs: [y],
  } = node;
  const { shape } = x!;
  const axes = axesOf(node);
  const isFirst = axes.length < shape.length && axes.every((a) => a < axes.length);
  const rows = size(shape.slice(0, axes.length));
  const sections = [SECTIONS, SECTIONS / 2, SECTIONS / 4].find((n) => rows % n === 0);
  if (!isFirst || rows < LEAST || !sections) return undefined;
  const columns = size(shape.slice(axes.length));
  const parts = g.ReduceSum(reshape(g, x!, [sections, rows / sections, columns]), { axes: [1], keepdims: 0 });
  return reshape(g, g.ReduceSum(parts, { axes: [0], keepdims: 0 }), y!.shape);
}
