/**
 * Attention as groups see it. Where two computed values are multiplied batch by batch, the batches are heads, and what a projection makes
 * of `[… H·d]` is made of a head and an index within it: in groups, one of both has to stand for it.
 */
import type { Graph, Value } from "../graph/types.ts";
import type { Channels } from "./channels.ts";

/** What stands in groups for a class of several parts: a whole head, or one index of every head. */
export type HeadUnit = "head" | "index";

/** An axis along which two values are multiplied, neither of them a plain matrix of weights. */
interface Multiplied {
  readonly classes: Int32Array;
  /** The axis of the stored tensor that one of both is. */
  readonly by?: { readonly root: Value; readonly axis: number };
}

export function multiplied(graph: Graph, channels: Channels): Multiplied[] {
  return graph.nodes.flatMap((node) => {
    const ends = channels.flow(node).contracted ?? [];
    const by = ends.flatMap(({ at, axis }) => {
      const stored = channels.stored.get(node.inputs[at]!);
      return stored ? [{ root: stored.root, axis: stored.perm[axis] }] : [];
    })[0];
    return ends.flatMap(({ at, axis }): Multiplied[] => {
      const classes = channels.of(node.inputs[at]!, axis);
      return classes ? [{ classes, ...(by && { by }) }] : [];
    });
  });
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
