/**
 * What is put in the place of a norm that loses channels is padded in front and sliced behind; where that was done before, the pads are
 * one, and so are the slices.
 */
import { opSiteOf } from "../graph/op-site.ts";
import type { Node, Value } from "../graph/types.ts";
import { shrinkRuleOf } from "./rules/index.ts";

/** @param added the nodes that may be joined with what stands before or behind them; what nobody reads then is still there */
export function joined(nodes: readonly Node[], added: ReadonlySet<Node>): Node[] {
  if (added.size === 0) return [...nodes];
  const made = new Map<Value, Node>();
  return nodes.map((node) => {
    const from = node.inputs[0] && made.get(node.inputs[0]);
    const join = shrinkRuleOf(node)?.cut.behind;
    const attrs =
      from && from.op === node.op && (added.has(node) || added.has(from)) && join?.(opSiteOf(from), opSiteOf(node));
    const one = attrs ? { ...node, inputs: [from.inputs[0], ...node.inputs.slice(1)], attrs } : node;
    for (const o of one.outputs) if (o) made.set(o, one);
    return one;
  });
}
