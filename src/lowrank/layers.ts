/**
 * The layers that low rank is about, each as one matrix out × (in·k²): linear layers (Gemm, MatMul) and convolutions with a
 * stored weight of their own. The kernel's reshape is row-major, as in LoRITa's code (Zhang et al. 2024).
 */

import { heldBy } from "../graph/nodes.ts";
import { opSiteOf } from "../graph/op-site.ts";
import { opOf } from "../graph/ops/index.ts";
import { inputsFirst } from "../graph/products.ts";
import { size } from "../graph/tensor.ts";
import type { Graph, Node, Tensor, Value } from "../graph/types.ts";
import { consumers, producers } from "../graph/walk.ts";
import { transpose } from "../math/matrix.ts";
import { matrixRuleOf } from "./matrix-rules.ts";

/** A layer whose weight is a matrix of its own. */
export interface MatrixLayer {
  readonly node: Node;
  readonly weight: Value;
  readonly tensor: Tensor;
  /** Outputs. */
  readonly rows: number;
  /** Inputs; times the kernel's size for a convolution. */
  readonly columns: number;
}

/** A weight that is left alone. */
export interface Skipped {
  readonly weight: string;
  readonly why: string;
}

/** Every layer with a matrix, in the order of the nodes, and the weights that have none. */
export function matrixLayers(graph: Graph): { layers: MatrixLayer[]; skipped: Skipped[] } {
  const readers = consumers(graph);
  const layers: MatrixLayer[] = [];
  const skipped: Skipped[] = [];
  const skip = (weight: string, why: string) => {
    if (!skipped.some((s) => s.weight === weight)) skipped.push({ weight, why });
  };
  const makers = producers(graph);
  for (const node of graph.nodes) {
    const rule = matrixRuleOf(node);
    if (!rule) continue;
    const [left, weight] = node.inputs;
    const tensor = weight && graph.initializers.get(weight);
    if (!tensor) {
      const found = weight && storedBehind(graph, makers, weight);
      if (found) skip(found.weight, found.why);
      else if (left && graph.initializers.has(left)) skip(left.name, "is multiplied from the left");
      continue;
    }
    const shared = readers.get(weight)!.length > 1 || graph.inputs.includes(weight);
    const own = weight.dtype === "float32" ? rule.obstacle(opSiteOf(node)) : `is ${weight.dtype}`;
    const why = own ?? (shared ? "is used more than once" : undefined);
    if (why) skip(weight.name, why);
    else {
      const rows = rowsOf(node, weight);
      layers.push({ node, weight, tensor, rows, columns: size(weight.shape) / rows });
    }
  }
  return { layers, skipped };
}

/** The weight that nodes make of what is stored, and how; undefined for activations. */
function storedBehind(graph: Graph, makers: ReadonlyMap<Value, Node>, v: Value): Skipped | undefined {
  if (graph.initializers.has(v)) return { weight: v.name, why: "" };
  const maker = makers.get(v);
  if (!maker) return undefined;
  if (heldBy(maker)) return { weight: v.name, why: "is a constant" };
  const behind = maker.inputs.map((x) => x && storedBehind(graph, makers, x));
  if (!behind[0] || behind.some((b) => b === undefined)) return undefined;
  const order = opOf(maker.op, maker.domain)?.permutes?.(maker.inputs[0]!, maker.attrs);
  const why = order?.some((p, i) => p !== i) ? "is transposed by a node" : `is changed by a node (${maker.op})`;
  return { weight: behind[0].weight, why: behind[0].why || why };
}

/** Outputs of a node's weight: the rows of its matrix. */
const rowsOf = (node: Node, { shape }: Value): number => (inputsFirst(node) ? shape[1] : shape[0]);

/** A weight of a node as its matrix [rows, columns]. */
export function toMatrix(node: Node, { shape, data }: Tensor): Float64Array {
  const numbers = data as Float32Array;
  return inputsFirst(node) ? transpose(numbers, shape[0], shape[1]) : Float64Array.from(numbers);
}

/** A matrix [rows, columns] as a node stores it. @param kernel sizes of the kernel, [] for a linear layer */
export function fromMatrix(node: Node, matrix: Float64Array, rows: number, kernel: readonly number[]): Tensor {
  const columns = matrix.length / rows;
  if (inputsFirst(node))
    return { dtype: "float32", shape: [columns, rows], data: Float32Array.from(transpose(matrix, rows, columns)) };
  const shape = [rows, columns / size(kernel), ...kernel];
  return { dtype: "float32", shape, data: Float32Array.from(matrix) };
}

/** Sizes of a weight's kernel; [] for a linear layer. */
export const kernelOf = (weight: Value): readonly number[] => weight.shape.slice(2);
