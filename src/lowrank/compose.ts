/**
 * LoRITa (Zhang, Alkhouri & Wang 2024, "Structure-Preserving Network Compression Via Low-Rank Induced Training Through Linear
 * Layers Composition"): every selected layer becomes N linear maps without anything between them. Weight decay on the factors,
 * (λ/2)·Σ‖Wᵢ‖², is then (λN/2)·Σⱼ σⱼ(W)^(2/N) of the product W = W_N … W₁ — for N = 2 the nuclear norm, for N ≥ 3 sparser still:
 *
 * - linear in → out: N − 1 maps in → in, then in → out with the bias; a 1×1 convolution likewise (the last one has the stride);
 * - convolution k×k, in → out: the convolution with its stride and padding, then N − 1 convolutions 1×1 out → out, the last with the bias.
 */

import { checkInteger } from "../checks.ts";
import { EspalierError, UsageError } from "../error.ts";
import { aModel, anObject, wants } from "../given.ts";
import { matcher } from "../graph/name-patterns.ts";
import { newNames } from "../graph/new-names.ts";
import { makeNode } from "../graph/nodes.ts";
import { storedMatching } from "../graph/stored-matching.ts";
import { size } from "../graph/tensor.ts";
import type { Model, Node, Shape, Tensor, Value } from "../graph/types.ts";
import { weave } from "../math/matrix.ts";
import { Random } from "../math/random.ts";
import { svd } from "../math/svd.ts";
import { factorNames, isComposed, recordFactors } from "./factors.ts";
import { fromMatrix, kernelOf, type MatrixLayer, matrixLayers, type Skipped, toMatrix } from "./layers.ts";
import { isConvolution, kernelFirst, matrixRuleOf } from "./matrix-rules.ts";
import { partName, rewrite, stored } from "./rewrite.ts";

/** Options of `compose`. */
export interface ComposeOptions {
  /** How many linear maps a layer becomes; 1 leaves the model as it is. */
  readonly factors: number;
  /**
   * Weights to compose, by name; `*` stands for any characters but `.` and `/`, `**` for any characters. Default: every linear
   * and ordinary convolutional layer.
   */
  readonly layers?: readonly string[];
  /** Parameters that will be frozen, as in `TrainOptions`: such a weight is not composed. */
  readonly freeze?: readonly string[];
  /**
   * "default": torch's for every factor, U(±1/√fan-in), as the paper; for a model that is not trained yet.
   * "balanced": factors with equal singular values Σ^(1/N) whose product is the present weight, so that the function stays.
   */
  readonly init?: "default" | "balanced";
  /** Of the default initialization. Default 0. */
  readonly seed?: number;
}

/** A composed model. */
export interface Composed {
  readonly model: Model;
  /** The weights that were composed. */
  readonly layers: readonly string[];
  /** The weights that stay as they are although they belong to a linear or convolutional layer. */
  readonly skipped: readonly Skipped[];
}

/**
 * The model with composed layers: fc1.weight becomes fc1.factors.0.weight (applied first), fc1.factors.1.weight …; the
 * metadata says so, and `recompose` needs nothing else.
 * @throws UsageError for a number of factors below 1, for a layer that cannot be composed, and when there is nothing to
 *   compose; EspalierError when the model is composed already
 */
export function compose(model: Model, options: ComposeOptions): Composed {
  wants("compose", ["model", aModel, model], ["options", anObject, options]);
  const { factors, init = "default", seed = 0 } = options;
  checkInteger("the number of factors", factors, 1);
  if (isComposed(model))
    throw new EspalierError(
      "misuse",
      "the model is composed already",
      { composed: [...factorNames(model).keys()].join(", ") },
      "compose it back first: recompose(model)",
    );
  const { chosen, skipped } = select(model, options);
  if (factors === 1) return { model, layers: [], skipped };
  const fresh = newNames(model.graph);
  const nodes = new Map<Node, readonly Node[]>();
  const tensors = new Map<Value, (readonly [Value, Tensor])[]>();
  const names = new Map<string, readonly string[]>();
  for (const [i, layer] of chosen.entries()) {
    const weights = init === "balanced" ? balanced(layer, factors) : drawn(layer, factors, seed, i);
    const parts = weights.map((w, k) => stored(fresh(partName(layer.weight.name, `factors.${k}`)), w));
    const values = parts.map(([v]) => v);
    names.set(
      layer.weight.name,
      values.map((v) => v.name),
    );
    tensors.set(layer.weight, parts);
    nodes.set(layer.node, chain(layer.node, values, fresh));
  }
  const composed = { ...model, graph: rewrite(model.graph, { nodes, tensors }) };
  return { model: recordFactors(composed, names), layers: [...names.keys()], skipped };
}

function select(
  { graph }: Model,
  { layers: wanted = ["**"], freeze = [] }: ComposeOptions,
): { chosen: readonly MatrixLayer[]; skipped: readonly Skipped[] } {
  const { layers, skipped: unfit } = matrixLayers(graph);
  const frozen = storedMatching(graph, freeze, "freeze");
  const skipped = [
    ...unfit,
    ...layers.filter((l) => frozen.has(l.weight.name)).map((l) => ({ weight: l.weight.name, why: "is frozen" })),
  ];
  const free = layers.filter((l) => !frozen.has(l.weight.name));
  const patterns = wanted.map((pattern) => ({ pattern, matches: matcher(pattern) }));
  const chosen = free.filter((l) => patterns.some((p) => p.matches(l.weight.name)));
  const lost = patterns.find((p) => !free.some((l) => p.matches(l.weight.name)));
  if (!lost) return { chosen, skipped };
  if (free.length === 0)
    throw new UsageError("nothing-to-do", "the model has no layer that could be composed", {
      skipped: skipped.map((s) => `${s.weight} ${s.why}`).join("; ") || "it has no linear or convolutional layer",
    });
  throw new UsageError("unsupported", `"${lost.pattern}" cannot be composed`, {
    why: skipped.find((s) => lost.matches(s.weight))?.why ?? "it is no weight of a linear or convolutional layer",
    wanted: free.map((l) => l.weight.name).join(", "),
  });
}

/** The nodes that take a node's place: one per factor. The last has its name, its output and its bias. */
function chain(node: Node, factors: readonly Value[], fresh: (stem: string) => string): Node[] {
  const [x, , ...bias] = node.inputs;
  const first = kernelFirst(node);
  const square = matrixRuleOf(node)!.bareAttrs(node.attrs);
  const made: Node[] = [];
  factors.forEach((w, i) => {
    const last = i === factors.length - 1;
    const from = i === 0 ? x : made[i - 1].outputs[0];
    const own = isConvolution(node) ? i === (first ? 0 : factors.length - 1) : last; // has the layer's own attributes
    const attrs = own ? node.attrs : square;
    const inputs = last ? [from, w, ...bias] : [from, w];
    const next = makeNode(node.op, last ? node.name : fresh(`${node.name}/factors.${i}`), inputs, attrs);
    made.push(last ? { ...next, outputs: node.outputs } : next);
  });
  return made;
}

/** Shapes of the factors as the node stores them, in the order in which they are applied. */
function shapes(layer: MatrixLayer, factors: number): Shape[] {
  const { weight, rows } = layer;
  const kernel = kernelOf(weight);
  const ones = kernel.map(() => 1);
  const first = kernelFirst(layer.node);
  const width = first ? rows : layer.columns;
  const square = new Array<Shape>(factors - 1).fill([width, width, ...ones]);
  return first ? [weight.shape, ...square] : [...square, weight.shape];
}

/** torch's default for Linear and Conv2d: U(−1/√fan-in, 1/√fan-in). */
function drawn(layer: MatrixLayer, factors: number, seed: number, index: number): Tensor[] {
  return shapes(layer, factors).map((shape, k) => {
    const square = shape !== layer.weight.shape;
    const fanIn = square ? shape[0] : layer.columns;
    const random = new Random(seed, "init", index, k + 1); // the fourth number keeps it apart from a model's own streams
    const bound = 1 / Math.sqrt(fanIn);
    const data = Float32Array.from({ length: size(shape) }, () => (random.uniform() * 2 - 1) * bound);
    return { dtype: "float32", shape, data };
  });
}

/**
 * W = UΣVᵀ: U Σ^(1/N) Vᵀ is the rectangular factor; the square ones are V Σ^(1/N) Vᵀ before it or U Σ^(1/N) Uᵀ after it.
 * No other factors of W have a smaller Σ‖Wᵢ‖².
 */
function balanced(layer: MatrixLayer, factors: number): Tensor[] {
  const { node, tensor, rows, columns, weight } = layer;
  const { u, s, v } = svd(toMatrix(node, tensor), rows, columns);
  const kernel = kernelOf(weight);
  const power = 1 / factors;
  const own = fromMatrix(node, weave(u, v, s, { power }), rows, kernel);
  const first = kernelFirst(layer.node);
  const [side, width] = first ? [u, rows] : [v, columns];
  const one = fromMatrix(
    node,
    weave(side, side, s, { power }),
    width,
    kernel.map(() => 1),
  );
  const square = Array.from({ length: factors - 1 }, () => one);
  return first ? [own, ...square] : [...square, own];
}
