/**
 * Truncation of singular values (Eckart & Young 1936; LoRITa, Zhang et al. 2024, Algorithm 1). It is lossy: the product of what is
 * left is the nearest matrix of its rank, at the distance √Σσ² over the values that went. A layer of rank r becomes two — k×k
 * in → r with the stride and padding, then 1×1 r → out with the bias — only where r·(out + in·k²) is clearly less than out·in·k².
 * A layer that stays one gains nothing from a lower rank, so it keeps its weight unless asked otherwise.
 */

import { UsageError } from "../error.ts";
import { aMap, anObject, wants } from "../given.ts";
import { newNames } from "../graph/new-names.ts";
import { makeNode } from "../graph/nodes.ts";
import type { Model, Node, Tensor, Value } from "../graph/types.ts";
import { transpose, weave } from "../math/matrix.ts";
import { fromMatrix, kernelOf } from "./layers.ts";
import { isConvolution, matrixRuleOf } from "./matrix-rules.ts";
import type { Ranks } from "./ranks.ts";
import { partName, rewrite, stored } from "./rewrite.ts";
import { type Spectra, spectra } from "./spectra.ts";

/** Options of `truncate`. */
export interface TruncateOptions {
  /** What becomes of a layer that two layers would not make smaller: its weight as it was (default), or its product of that rank. */
  readonly dense?: "keep" | "product";
  /** Share of its elements that a layer must save to become two, more than this; a second layer costs time and a few bytes. Default 0.05. */
  readonly saving?: number;
}

/** What became of one layer. */
export interface TruncatedLayer {
  readonly weight: string;
  /** Singular values to keep, of so many; a layer that is not split keeps all of them, unless it becomes its product. */
  readonly rank: number;
  readonly full: number;
  /** Elements of the weight, before and after. */
  readonly params: { readonly before: number; readonly after: number };
  /** Whether it became two layers. */
  readonly split: boolean;
  /** Relative error of the weight in the Frobenius norm. */
  readonly error: number;
}

/** A truncated model. */
export interface Truncated {
  readonly model: Model;
  /** In the order of the nodes; layers whose rank stays full included. */
  readonly layers: readonly TruncatedLayer[];
}

/**
 * Keeps the largest singular values of each layer that `ranks` names. fc1.weight becomes fc1.low.0.weight [r, in] and
 * fc1.low.1.weight [out, r] where that is smaller; the others stay as they are. The function changes: judge it by accuracy.
 * @param source the model, or its spectra when they are at hand
 * @throws UsageError for a rank that is not 1 … full, for a saving that is not 0 … 1, and for a weight that is not among the layers
 */
export function truncate(source: Model | Spectra, ranks: Ranks, options: TruncateOptions = {}): Truncated {
  wants("truncate", ["source", anObject, source], ["ranks", aMap, ranks], ["options", anObject, options]);
  const { dense = "keep", saving = 0.05 } = options;
  const { model, layers } = "layers" in source ? source : spectra(source);
  if (!(saving >= 0 && saving < 1))
    throw new UsageError("out-of-range", "the saving is out of range", {
      got: saving,
      wanted: "a fraction ≥ 0 and < 1",
    });
  for (const name of ranks.keys())
    if (!layers.some((l) => l.weight === name))
      throw new UsageError("unsupported", `"${name}" cannot be truncated`, {
        wanted: layers.map((l) => l.weight).join(", "),
      });
  const fresh = newNames(model.graph);
  const nodes = new Map<Node, readonly Node[]>();
  const tensors = new Map<Value, (readonly [Value, Tensor])[]>();
  const report: TruncatedLayer[] = [];
  for (const { weight: name, rows, columns, values, layer, svd } of layers) {
    const full = values.length;
    const rank = ranks.get(name) ?? full;
    if (!Number.isSafeInteger(rank) || rank < 1 || rank > full)
      throw new UsageError("out-of-range", `the rank of ${name} is out of range`, {
        got: rank,
        wanted: `an integer, 1 … ${full}`,
      });
    const { node, weight } = layer;
    const { u, s, v } = svd;
    const before = rows * columns;
    const split = rank * (rows + columns) < before * (1 - saving);
    if (split) {
      const right = fromMatrix(node, transpose(columnsOf(v, full, rank), columns, rank), rank, kernelOf(weight));
      const ones = kernelOf(weight).map(() => 1);
      const left = fromMatrix(node, columnsOf(u, full, rank, s), rows, ones);
      const parts = [right, left].map((t, i) => stored(fresh(partName(name, `low.${i}`)), t));
      tensors.set(weight, parts);
      nodes.set(node, splitNode(node, parts[0][0], parts[1][0], fresh));
    } else if (rank < full && dense === "product")
      tensors.set(weight, [[weight, fromMatrix(node, weave(u, v, s, { rank }), rows, kernelOf(weight))]]);
    const lost = split || dense === "product" ? norm(s.subarray(rank)) : 0;
    const after = split ? rank * (rows + columns) : before;
    report.push({ weight: name, rank, full, params: { before, after }, split, error: lost / (norm(s) || 1) });
  }
  return { model: { ...model, graph: rewrite(model.graph, { nodes, tensors }) }, layers: report };
}

/** The first r of k columns of a matrix [m, k], times s. */
function columnsOf(a: Float64Array, k: number, r: number, s?: Float64Array): Float64Array {
  const rows = a.length / k;
  return Float64Array.from({ length: rows * r }, (_, i) => a[Math.floor(i / r) * k + (i % r)] * (s ? s[i % r] : 1));
}

/** in → r with the layer's window, then r → out with its bias, its name and its output. */
function splitNode(node: Node, right: Value, left: Value, fresh: (stem: string) => string): Node[] {
  const [x, , ...bias] = node.inputs;
  const bare = matrixRuleOf(node)!.bareAttrs(node.attrs);
  const [before, after] = isConvolution(node) ? [node.attrs, bare] : [bare, node.attrs];
  const first = makeNode(node.op, fresh(`${node.name}/low`), [x, right], before);
  const inputs = [first.outputs[0], left, ...bias];
  const second = makeNode(node.op, node.name, inputs, after);
  return [first, { ...second, outputs: node.outputs }];
}

const norm = (s: Float64Array): number => Math.sqrt(s.reduce((sum, x) => sum + x * x, 0));
