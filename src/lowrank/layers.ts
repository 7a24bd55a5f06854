/**
 * The layers that low rank is about, each as one matrix out × (in·k²): linear layers (Gemm, MatMul) and convolutions with a
 * stored weight of their own. The kernel's reshape is row-major, as in LoRITa's code (Zhang et al. 2024).
 */

import { size } from "../graph/tensor.ts";
import type { Graph, Node, Tensor, Value } from "../graph/types.ts";
import { consumers, producers } from "../graph/walk.ts";
import { transpose } from "../math/matrix.ts";

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
    if (node.domain !== "" || !["Gemm", "MatMul", "Conv", "ConvTranspose"].includes(node.op)) continue;
    const [left, weight] = node.inputs;
    const tensor = weight && graph.initializers.get(weight);
    if (!tensor) {
      const found = weight && storedBehind(graph, makers, weight);
      if (found) skip(found.weight, found.why);
      else if (left && graph.initializers.has(left)) skip(left.name, "is multiplied from the left");
      continue;
    }
    const why = obstacle(node, weight, readers.get(weight)!.length > 1 || graph.inputs.includes(weight));
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
  if (maker.op === "Constant") return { weight: v.name, why: "is a constant" };
  const behind = maker.inputs.map((x) => x && storedBehind(graph, makers, x));
  if (!behind[0] || behind.some((b) => b === undefined)) return undefined;
  const why = maker.op === "Transpose" ? "is transposed by a node" : `is changed by a node (${maker.op})`;
  return { weight: behind[0].weight, why: behind[0].why || why };
}

function obstacle({ op, attrs }: Node, weight: Value, shared: boolean): string | undefined {
  if (weight.dtype !== "float32") return `is ${weight.dtype}`;
  if (op === "ConvTranspose") return "is of a transposed convolution";
  if (op === "Conv" && attrs.group !== 1) return `is a grouped convolution (${attrs.group} groups)`;
  if (op !== "Conv" && weight.shape.length !== 2) return "has batch axes";
  if (op === "Gemm" && attrs.transA) return "multiplies a transposed input";
  return shared ? "is used more than once" : undefined;
}

/** True where the weight is stored as [in, out]. */
const inputsFirst = ({ op, attrs }: Node): boolean => op === "MatMul" || (op === "Gemm" && !attrs.transB);

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
