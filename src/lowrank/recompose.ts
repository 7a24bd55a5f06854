/** Multiplies factors back: the model that `compose` was given, with trained weights (LoRITa, Zhang et al. 2024). */

import { aModel, wants } from "../given.ts";
import { newNames } from "../graph/new-names.ts";
import { factorsOf, withBias } from "../graph/products.ts";
import { numbers } from "../graph/tensor.ts";
import type { Graph, Model, Node, Tensor, Value } from "../graph/types.ts";
import { multiply } from "../math/matrix.ts";
import { findChains, hasInnerBias } from "./chains.ts";
import { factorNames, recordFactors } from "./factors.ts";
import { fromMatrix, kernelOf, type MatrixLayer, toMatrix } from "./layers.ts";
import { partName, rewrite, stored } from "./rewrite.ts";

/**
 * The model with every composed layer as one layer again: the architecture, the names and the order of nodes are those from before
 * `compose`, and the function is the composed one's up to float summation order (products are taken in float64). A model
 * without composed layers is returned as it is. A composed model that was shrunk can be composed back too: constants that moved
 * into inner biases are multiplied through, and layers that are gone stay gone.
 * @throws EspalierError when the factors of a weight are no longer a chain of linear maps that is one layer
 */
export function recompose(model: Model): Model {
  wants("recompose", ["model", aModel, model]);
  const { graph } = model;
  const names = factorNames(model);
  if (names.size === 0) return model;
  const fresh = newNames(graph);
  const nodes = new Map<Node, readonly Node[]>();
  const tensors = new Map<Value, readonly (readonly [Value, Tensor])[]>();
  for (const { weight, layers, window } of findChains(graph, names)) {
    const last = layers.at(-1)!.node;
    const product = stored(weight, productOf(layers));
    const shift = innerBias(graph, layers);
    const own = last.inputs[2];
    const bias = shift && stored(own?.name ?? fresh(biasName(weight)), shift);
    for (const { node, weight: factor } of layers) {
      tensors.set(factor, []);
      if (bias && node.inputs[2]) tensors.set(node.inputs[2], []);
      nodes.set(node, []);
    }
    tensors.set(layers[0].weight, bias && !own ? [product, bias] : [product]);
    if (bias && own) tensors.set(own, [bias]);
    const rest = bias ? [bias[0]] : last.inputs.slice(2);
    const attrs = bias ? withBias(window)! : window.attrs;
    nodes.set(last, [{ ...last, inputs: [layers[0].node.inputs[0], product[0], ...rest], attrs }]);
  }
  return recordFactors({ ...model, graph: rewrite(graph, { nodes, tensors }) }, new Map());
}

/** W_N … W₁ in float64, as the layer stores it. */
function productOf(layers: readonly MatrixLayer[]): Tensor {
  const [first, ...rest] = layers;
  let product = toMatrix(first.node, first.tensor);
  let inner = first.rows;
  for (const { node, tensor, rows } of rest) {
    product = multiply(toMatrix(node, tensor), product, rows, inner, product.length / inner);
    inner = rows;
  }
  return fromMatrix(first.node, product, inner, kernelOf(first.weight));
}

/** The whole chain's bias b ← α·W·b + β·C from factor to factor; undefined when only the last one has one, which then stays. */
function innerBias(graph: Graph, layers: readonly MatrixLayer[]): Tensor | undefined {
  if (!hasInnerBias(layers)) return undefined;
  let carried: Float64Array = new Float64Array();
  for (const [i, { node, tensor, rows, columns }] of layers.entries()) {
    const factors = factorsOf(node);
    const passed = i === 0 ? new Float64Array(rows) : multiply(toMatrix(node, tensor), carried, rows, columns, 1);
    const own = node.inputs[2] && numbers(graph.initializers.get(node.inputs[2])!);
    carried = passed.map((x, j) => factors.product * x + (own ? factors.bias * own[own.length === 1 ? 0 : j] : 0));
  }
  return { dtype: "float32", shape: [carried.length], data: Float32Array.from(carried) };
}

/** "fc1.weight" → "fc1.bias" */
const biasName = (weight: string) => partName(weight, "bias").replace(/\.bias\.weight$/, ".bias");
