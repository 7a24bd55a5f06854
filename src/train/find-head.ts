/** The classifier of a model: the last product with a stored weight before an output. */
import { EspalierError } from "../error.ts";
import { opOf } from "../graph/ops/index.ts";
import { inputsFirst } from "../graph/products.ts";
import type { Graph, Node, Value } from "../graph/types.ts";
import { consumers, producers } from "../graph/walk.ts";
import { headWay } from "./head-ways.ts";

export interface Head {
  readonly node: Node;
  readonly weight: Value;
  /** Of the product itself, or added behind it; undefined where there is none. */
  readonly bias: Value | undefined;
  /** The weight's axis of the classes. */
  readonly axis: number;
}

/** @throws EspalierError naming the node that is no classifier, or that what makes the output ends at */
export function findHead(graph: Graph, output: Value): Head {
  const makers = producers(graph);
  const stored = (v: Value | null | undefined): v is Value =>
    v !== null && v !== undefined && graph.initializers.has(v);
  let bias: Value | undefined;
  for (let v = output; ; ) {
    const node = makers.get(v);
    if (!node) throw none(output, { reason: `nothing is computed between ${v.name} and the output` });
    if (opOf(node.op, node.domain)?.product) return headOf(graph, output, node, bias);
    const way = headWay(node);
    const data = node.inputs.filter((x) => x && !stored(x));
    const added = node.inputs.find(stored);
    if (!way || data.length !== 1 || (added && (!way.adds || bias)))
      throw none(output, {
        node: node.name,
        reason: `${node.op} stands between the output and what may be a classifier`,
      });
    bias ??= added;
    v = data[0]!;
  }
}

function headOf(graph: Graph, output: Value, node: Node, added: Value | undefined): Head {
  const refuse = (reason: string, fix?: string) => none(output, { node: node.name, reason }, fix);
  const [, weight, own] = node.inputs;
  if (!weight || !graph.initializers.has(weight))
    throw refuse(
      `the weight of ${node.op} is ${weight?.name ?? "nothing"}, which is computed, as that of tied embeddings is`,
    );
  const axis = inputsFirst(node) ? weight.shape.length - 1 : 0;
  const { group = 1 } = node.attrs;
  if (weight.shape.length < 2 || weight.shape.slice(2).some((d) => d !== 1) || group !== 1)
    throw refuse(
      `the weight of ${node.op} is [${weight.shape}]${group === 1 ? "" : ` in ${group} groups`}: no product of features with classes`,
    );
  const bias = own ?? added;
  for (const part of [weight, bias]) {
    if (!part) continue;
    if (!graph.initializers.has(part)) throw refuse(`its bias ${part.name} is computed`);
    if (part.dtype !== "float32")
      throw refuse(
        `${part.name} is ${part.dtype}, and new weights are float32`,
        'read the file with precision "float32"',
      );
    const readers = consumers(graph).get(part) ?? [];
    if (readers.length > 1)
      throw refuse(
        `${part.name} is tied: ${readers.map((n) => n.name).join(" and ")} read it, and other numbers would change them all`,
        "export the model with a classifier of its own",
      );
  }
  if (own && added) throw refuse(`it has two biases, ${own.name} and ${added.name}`);
  return { node, weight, bias, axis };
}

const none = (output: Value, details: { readonly node?: string; readonly reason: string }, fix?: string) =>
  new EspalierError(
    "unsupported",
    "the model has no classifier that can be replaced",
    { output: output.name, ...details },
    fix ?? "name another output, or export the model with a linear layer (or a convolution of one pixel) at its end",
  );
