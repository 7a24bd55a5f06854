/**
 * Values that the subgraphs of a node (If, Loop, Scan …) read from outside without naming them as inputs. Espalier
 * does not look into subgraphs otherwise, but it must know what they read before it removes anything.
 */
import { EspalierError } from "../error.ts";
import type { WireMessage } from "./schema.ts";
import { decode } from "./wire.ts";

/** Deeper than any honest file nests graphs. */
const DEPTH = 16;

function readFrom(graph: WireMessage<"GraphProto">, path: string, depth: number, into: Set<string>): void {
  if (depth > DEPTH)
    throw new EspalierError("too-large", "subgraphs are nested too deeply", {
      field: path,
      wanted: `at most ${DEPTH}`,
    });
  const own = new Set<string>();
  for (const v of graph.input ?? []) own.add(v.name ?? "");
  for (const t of graph.initializer ?? []) own.add(t.name ?? "");
  const read = new Set<string>();
  for (const [i, n] of (graph.node ?? []).entries()) {
    for (const x of n.input ?? []) read.add(x);
    for (const x of captureNames(n, `${path}.node[${i}]`, depth + 1)) read.add(x);
    for (const x of n.output ?? []) own.add(x);
  }
  for (const v of graph.output ?? []) read.add(v.name ?? "");
  for (const x of read) if (x && !own.has(x)) into.add(x);
}

/** Names that a node's subgraphs read from outside, in order of appearance. */
export function captureNames(node: WireMessage<"NodeProto">, path: string, depth = 0): Set<string> {
  const names = new Set<string>();
  for (const [i, bytes] of (node.attribute ?? []).entries()) {
    const field = `${path}.attribute[${i}]`;
    const { g, graphs } = decode("AttributeProto", bytes, field);
    for (const [k, graph] of [...(g ? [g] : []), ...(graphs ?? [])].entries())
      readFrom(graph, g && k === 0 ? `${field}.g` : `${field}.graphs[${k}]`, depth, names);
  }
  return names;
}
