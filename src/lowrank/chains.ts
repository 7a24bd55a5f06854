/** Finds the factors of composed layers in a graph, and makes sure that multiplying them back gives the same function. */
import { EspalierError } from "../error.ts";
import { inputsFirst } from "../graph/products.ts";
import type { Graph, Node, Value } from "../graph/types.ts";
import { consumers } from "../graph/walk.ts";
import { kernelOf, type MatrixLayer, matrixLayers } from "./layers.ts";
import { isBare, isConvolution, matrixRuleOf } from "./matrix-rules.ts";

/** The factors of one weight. */
interface Chain {
  readonly weight: string;
  /** In the order in which they are applied; the last one has the layer's name, output and bias. */
  readonly layers: readonly MatrixLayer[];
  /** The one that has the layer's own attributes: stride and padding, or a Gemm's alpha and beta. */
  readonly window: Node;
}

/**
 * The chains of a composed model. A weight none of whose factors is left is passed over: its layer was removed.
 * @param names of factors, by weight
 * @throws EspalierError for factors that are no chain, or a chain that is not one layer
 */
export function findChains(graph: Graph, names: ReadonlyMap<string, readonly string[]>): Chain[] {
  const { layers: found, skipped } = matrixLayers(graph);
  const byName = new Map(found.map((l) => [l.weight.name, l]));
  const readers = consumers(graph);
  const known = new Set([...graph.initializers.keys()].map((v) => v.name));
  const taken = new Set<MatrixLayer>();
  const chains: Chain[] = [];
  for (const [weight, factors] of names) {
    if (!factors.some((f) => known.has(f))) continue;
    const layers = factors.map((name) => {
      const layer = byName.get(name);
      if (layer && !taken.has(layer)) {
        taken.add(layer);
        return layer;
      }
      const why = skipped.find((s) => s.weight === name)?.why ?? "is no weight of a linear or convolutional layer";
      throw broken(
        weight,
        name,
        layer ? "it is named twice" : known.has(name) ? `it ${why}` : "the model does not have it",
      );
    });
    const at = windowOf(layers);
    layers.forEach((layer, i) => {
      const why = obstacle(graph, readers, layer, { next: layers[i + 1], first: layers[0], own: i === at });
      if (why) throw broken(weight, layer.weight.name, why);
    });
    const bias = biasObstacle(graph, readers, layers);
    if (bias) throw broken(weight, bias.factor, bias.why);
    chains.push({ weight, layers, window: layers[at].node });
  }
  return chains;
}

const broken = (weight: string, factor: string, why: string) =>
  new EspalierError(
    "unsupported",
    `the factors of ${weight} cannot be multiplied back`,
    { factor, why },
    "compose it back before other programs change it",
  );

/** A convolution's window is the first factor's, or the last one's if that is 1×1; a linear layer's alpha is the last one's. */
function windowOf(layers: readonly MatrixLayer[]): number {
  const last = layers.length - 1;
  return isConvolution(layers[last].node) && !isBare(layers[0].node) && isBare(layers[last].node) ? 0 : last;
}

interface Place {
  readonly next: MatrixLayer | undefined;
  readonly first: MatrixLayer;
  /** Whether it has the layer's own attributes. */
  readonly own: boolean;
}

/** Why a factor cannot be multiplied with its neighbours. */
function obstacle(
  graph: Graph,
  readers: ReadonlyMap<Value, readonly Node[]>,
  layer: MatrixLayer,
  { next, first, own }: Place,
): string | undefined {
  const { node } = layer;
  const [y] = node.outputs;
  if (next && (readers.get(y!)?.length !== 1 || next.node.inputs[0] !== y || graph.outputs.includes(y!)))
    return "another node reads what it makes";
  if (node.op !== first.node.op) return `it is of ${node.op}, the first of ${first.node.op}`;
  if (inputsFirst(node) !== inputsFirst(first.node)) return "it is stored the other way round than the first";
  if (next && next.columns / kernelSize(next) !== layer.rows)
    return `it makes ${layer.rows} channels, the next reads ${next.columns / kernelSize(next)}`;
  if (!own && !isBare(node)) return matrixRuleOf(node)!.beyond;
  if (own && layer !== first && kernelSize(layer) !== 1) return "its kernel follows another factor";
  return undefined;
}

/** Whether a constant was moved into a factor that is not the last, as `shrink` does. */
export const hasInnerBias = (layers: readonly MatrixLayer[]): boolean =>
  layers.slice(0, -1).some((l) => l.node.inputs[2]);

/** Why biases inside a chain cannot be multiplied through it: each must be stored, and no zero padding may follow. */
function biasObstacle(
  graph: Graph,
  readers: ReadonlyMap<Value, readonly Node[]>,
  layers: readonly MatrixLayer[],
): { factor: string; why: string } | undefined {
  if (!hasInnerBias(layers)) return undefined;
  for (const { node, weight, rows } of layers) {
    const bias = node.inputs[2];
    const length = bias && graph.initializers.get(bias)?.data.length;
    if (bias && ((length !== 1 && length !== rows) || readers.get(bias)?.length !== 1))
      return { factor: weight.name, why: "its bias is no stored vector of its own" };
  }
  const last = layers.at(-1)!;
  const pads = (last.node.attrs.pads ?? []) as readonly number[];
  return pads.some((p) => p !== 0)
    ? { factor: last.weight.name, why: "it pads with zeros what has a bias already" }
    : undefined;
}

const kernelSize = ({ weight }: MatrixLayer): number => kernelOf(weight).reduce((a, b) => a * b, 1);
