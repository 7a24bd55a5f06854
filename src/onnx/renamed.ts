/** A node of a subgraph or a function under other names, as it stands in a graph that holds it. */
import type { WireMessage } from "./schema.ts";
import { decode, encodeMessage } from "./wire.ts";

type NodeProto = WireMessage<"NodeProto">;
type GraphProto = WireMessage<"GraphProto">;

/** What a name inside is called outside; "" stays what is absent. */
export type Renaming = (name: string) => string;

/** What an attribute becomes; undefined: it is left out. */
export type Attribute = (proto: WireMessage<"AttributeProto">) => WireMessage<"AttributeProto"> | undefined;

const asItIs: Attribute = (proto) => proto;

/**
 * The node with its inputs, outputs and everything that its subgraphs read from outside renamed.
 * @param attribute changes attributes, those of nodes in subgraphs included
 */
export function renamedNode(node: NodeProto, rename: Renaming, attribute: Attribute = asItIs): NodeProto {
  return {
    ...node,
    input: node.input?.map((x) => (x ? rename(x) : x)),
    output: node.output?.map((x) => (x ? rename(x) : x)),
    attribute: node.attribute?.flatMap((bytes) => changedAttribute(bytes, rename, attribute)),
  };
}

function changedAttribute(bytes: Uint8Array, rename: Renaming, attribute: Attribute): Uint8Array[] {
  const proto = decode("AttributeProto", bytes);
  const changed = attribute(proto);
  if (!changed) return [];
  const { g, graphs } = changed;
  if (!g && !graphs?.length) return [changed === proto ? bytes : encodeMessage("AttributeProto", changed)];
  const inner = (graph: GraphProto) => renamedGraph(graph, rename, attribute);
  return [encodeMessage("AttributeProto", { ...changed, g: g && inner(g), graphs: graphs?.map(inner) })];
}

/** A subgraph whose own names stay and hide those outside. */
function renamedGraph(graph: GraphProto, rename: Renaming, attribute: Attribute): GraphProto {
  const own = ownNames(graph);
  const inside: Renaming = (name) => (own.has(name) ? name : rename(name));
  return {
    ...graph,
    node: graph.node?.map((n) => renamedNode(n, inside, attribute)),
    output: graph.output?.map((v) => ({ ...v, name: inside(v.name ?? "") })),
  };
}

/** Names that a graph itself gives. */
export function ownNames(graph: GraphProto): Set<string> {
  return new Set([
    ...(graph.input ?? []).map((v) => v.name ?? ""),
    ...(graph.initializer ?? []).map((t) => t.name ?? ""),
    ...(graph.node ?? []).flatMap((n) => n.output ?? []),
  ]);
}

/** All names that are given in a graph and in its subgraphs. */
export function namesWithin(graph: GraphProto, into = new Set<string>()): Set<string> {
  for (const name of ownNames(graph)) into.add(name);
  for (const node of graph.node ?? []) for (const inner of subgraphsOf(node)) namesWithin(inner, into);
  return into;
}

/** The graphs that a node's attributes hold. */
export function subgraphsOf(node: NodeProto): GraphProto[] {
  return (node.attribute ?? []).flatMap((bytes) => {
    const { g, graphs } = decode("AttributeProto", bytes);
    return [...(g ? [g] : []), ...(graphs ?? [])];
  });
}
