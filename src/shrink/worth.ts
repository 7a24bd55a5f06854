/**
 * Whether it is worth it that channels go which a norm adds up: a norm over fewer channels takes more operators, so of a small network,
 * or of a wide one that would lose next to nothing, it makes a larger and slower one.
 */
import { bytesPerElement, size } from "../graph/tensor.ts";
import type { Node } from "../graph/types.ts";
import { producers } from "../graph/walk.ts";
import { UnionFind } from "../groups/union-find.ts";
import type { Analysis } from "./analysis.ts";
import type { Removed } from "./removed.ts";
import { shrinkRuleOf } from "./rules/index.ts";

/** What an operator costs in a file beside its data, in bytes, where names are short. */
const NODE_BYTES = 96;

/** Keeps channels that norms add up where the operators that would be added take more bytes than those channels do. */
export function keepWhatCosts(analysis: Analysis, remove: Removed): void {
  const norms = normsThatLose(analysis, remove);
  if (norms.length === 0) return;
  const streams = new UnionFind();
  const streamOf = new Map<number, number>();
  for (const norm of norms) {
    const [own] = streams.fresh(1);
    for (const c of norm.gone) {
      const other = streamOf.get(c);
      if (other === undefined) streamOf.set(c, own);
      else streams.union(own, other);
    }
  }
  const balance = new Map<number, number>();
  const add = (channel: number, bytes: number) => {
    const stream = streams.find(streamOf.get(channel)!);
    balance.set(stream, (balance.get(stream) ?? 0) + bytes);
  };
  for (const { gone, nodes } of norms) add(gone[0], -nodes * NODE_BYTES);
  for (const [v, { root }] of analysis.channels.stored)
    if (v === root)
      v.shape.forEach((d, axis) => {
        const each = (size(v.shape) / d) * bytesPerElement(v.dtype);
        for (const c of analysis.channels.of(v, axis) ?? []) if (remove.has(c) && streamOf.has(c)) add(c, each);
      });
  for (const { node, gone } of norms)
    for (const c of gone)
      if (balance.get(streams.find(streamOf.get(c)!))! <= 0)
        remove.keep(c, {
          op: node.op,
          name: node.name,
          why: "over fewer channels would take more bytes than they save",
        });
}

/** A norm, what would go of what it adds up, and how many operators that would take. */
interface Losing {
  readonly node: Node;
  readonly gone: readonly number[];
  readonly nodes: number;
}

function normsThatLose({ graph, channels }: Analysis, remove: { has(channel: number): boolean }): Losing[] {
  const makers = producers(graph);
  return graph.nodes.flatMap((node) => {
    const takes = shrinkRuleOf(node)?.cut.instead?.nodes;
    const [sum] = channels.flow(node).sums ?? [];
    const x = sum && node.inputs[sum.at];
    if (!takes || !x) return [];
    const gone = [...new Set(channels.of(x, sum.axis) ?? [])].filter((c) => remove.has(c));
    const before = makers.get(x)?.inputs[0]?.shape[sum.axis] ?? 0;
    const padded = makers.get(x)?.inputs.length === 1 && before < x.shape[sum.axis]; // it stands there already
    return gone.length > 0 ? [{ node, gone, nodes: padded ? 0 : takes }] : [];
  });
}
