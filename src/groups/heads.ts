/**
 * Attention as groups see it. Where two computed values are multiplied batch by batch, the batches are heads, and what a projection makes
 * of `[… H·d]` is made of a head and an index within it: in groups, one of both has to stand for it.
 */
import type { Graph } from "../graph/types.ts";
import type { Channels } from "./channels.ts";

/** What stands in groups for a class of several parts: a whole head, or one index of every head. */
export type HeadUnit = "head" | "index";

/** The axes along which computed values are multiplied by one another. */
export function multiplied(graph: Graph, channels: Channels): Int32Array[] {
  return graph.nodes.flatMap((node) =>
    (channels.flow(node).contracted ?? []).flatMap(({ at, axis }) => channels.of(node.inputs[at]!, axis) ?? []),
  );
}

/** The parts that are heads. */
function headParts(graph: Graph, channels: Channels): Set<number> {
  const heads = new Set<number>();
  for (const node of graph.nodes) {
    const y = channels.flow(node).contracted && node.outputs[0]!;
    const batch = y ? y.shape.slice(0, -2).flatMap((_, axis) => channels.of(y, axis) ?? []) : [];
    for (const classes of batch) for (const c of classes) for (const p of channels.parts(c)) heads.add(p);
  }
  return heads;
}

/** Of a class, the part that stands for it in groups: of those that can go, the first that is a head, or that is none. */
export function chosenPart(graph: Graph, channels: Channels, unit: HeadUnit): (channel: number) => number {
  const heads = headParts(graph, channels);
  const known = new Map<number, number>();
  const choose = (channel: number) => {
    const free = channels.parts(channel).filter((p) => !channels.obstacle(p));
    const wanted = free.filter((p) => heads.has(p) === (unit === "head"));
    return Math.min(...([wanted, free].find((some) => some.length > 0) ?? [channel]));
  };
  return (channel) => {
    const part = known.get(channel) ?? choose(channel);
    known.set(channel, part);
    return part;
  };
}
