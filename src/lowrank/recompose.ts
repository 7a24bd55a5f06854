/** Multiplies factors back: the model that `compose` was given, with trained weights (LoRITa, Zhang et al. 2024). */
import { EspalierError } from "../error.ts";
import type { Graph, Model, Node, Tensor, Value } from "../graph/types.ts";
import { consumers } from "../graph/walk.ts";
import { factorNames, recordFactors } from "./factors.ts";
import { fromMatrix, kernelOf, rowsOf, toMatrix } from "./layers.ts";
import { multiply } from "./matrix.ts";
import { rewrite, stored } from "./rewrite.ts";

/**
 * The model with every composed layer as one layer again: the architecture, the names and the order of nodes are those from before
 * `compose`, and the function is the composed one's up to float summation order (products are taken in float64). A model
 * without composed layers is returned as it is.
 * @throws EspalierError when the factors of a weight are no longer a chain
 */
export function recompose(model: Model): Model {
  const { graph } = model;
  const readers = consumers(graph);
  const nodes = new Map<Node, readonly Node[]>();
  const tensors = new Map<Value, readonly (readonly [Value, Tensor])[]>();
  for (const [weight, names] of factorNames(model)) {
    const chain = findChain(graph, readers, weight, names);
    const product = stored(weight, productOf(graph, chain));
    chain.forEach((node, i) => {
      tensors.set(node.inputs[1]!, i === 0 ? [product] : []);
      nodes.set(node, []);
    });
    nodes.set(chain.at(-1)!, [join(chain, product[0])]);
  }
  return nodes.size === 0 ? model : recordFactors({ ...model, graph: rewrite(graph, { nodes, tensors }) }, new Map());
}

/** The nodes of the factors, each of which reads the one before and nothing else does. */
function findChain(
  graph: Graph,
  readers: ReadonlyMap<Value, readonly Node[]>,
  weight: string,
  names: readonly string[],
): Node[] {
  const broken = (factor: string, why: string) =>
    new EspalierError(
      `the factors of ${weight} cannot be multiplied back`,
      { factor, why },
      "compose back before the model is changed by other means",
    );
  const byName = new Map([...graph.initializers.keys()].map((v) => [v.name, v]));
  const outputs = new Set(graph.outputs);
  const chain = names.map((name) => {
    const value = byName.get(name);
    const used = value ? (readers.get(value) ?? []) : [];
    if (used.length !== 1 || used[0].inputs[1] !== value)
      throw broken(name, value ? `${used.length} nodes read it` : "the model does not have it");
    return used[0];
  });
  for (const [i, node] of chain.entries()) {
    if (i === chain.length - 1) continue;
    const y = node.outputs[0]!;
    if (readers.get(y)?.length !== 1 || chain[i + 1].inputs[0] !== y || outputs.has(y))
      throw broken(names[i], "another node reads what it makes");
    if (node.inputs[2]) throw broken(names[i], "it has a bias");
  }
  return chain;
}

/** W_N … W₁ in float64, as the layer stores it. */
function productOf(graph: Graph, chain: readonly Node[]): Tensor {
  let product: Float64Array = new Float64Array();
  let inner = 0;
  for (const node of chain) {
    const value = node.inputs[1]!;
    const matrix = toMatrix(node, graph.initializers.get(value)!);
    const rows = rowsOf(node, value);
    product = node === chain[0] ? matrix : multiply(matrix, product, rows, inner, product.length / inner);
    inner = rows;
  }
  return fromMatrix(chain[0], product, inner, kernelOf(chain[0].inputs[1]!));
}

/** The chain as one node: the last one's name, output and bias; the window of whichever factor has one. */
function join(chain: readonly Node[], weight: Value): Node {
  const [first, last] = [chain[0], chain.at(-1)!];
  const inputs = [first.inputs[0], weight, ...last.inputs.slice(2)];
  const plain = ({ attrs }: Node) =>
    (attrs.kernel_shape as number[]).every((k) => k === 1) && (attrs.strides as number[]).every((s) => s === 1);
  const attrs = last.op === "Conv" && plain(last) ? first.attrs : last.attrs;
  return { ...last, inputs, attrs };
}
