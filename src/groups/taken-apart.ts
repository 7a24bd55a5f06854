/** Axes whose indices are taken one by one: queries, keys and values that one product makes side by side. */
import type { Graph, Node, Value } from "../graph/types.ts";
import { consumers } from "../graph/walk.ts";
import { flowOf } from "./axes/index.ts";
import type { End } from "./axes/rule.ts";
import type { Stored } from "./stored.ts";
import { tensorOf } from "./weights.ts";

/** So many operators may stand between what makes such an axis and what takes it apart: a Transpose, an Add, a Squeeze. */
const FARTHEST = 4;

/** Whether all that reads an axis takes its indices one by one, soon after. */
export function takenApart(graph: Graph, stored: ReadonlyMap<Value, Stored>): (value: Value, axis: number) => boolean {
  const reads = consumers(graph);
  const taken = (value: Value, axis: number, left: number): boolean => {
    const readers = new Set(reads.get(value) ?? []);
    return readers.size > 0 && [...readers].every((node) => takes(node, value, axis, left));
  };
  const takes = (node: Node, value: Value, axis: number, left: number): boolean => {
    const { ties, single = [] } = flowOf(node, (i) => tensorOf(node.inputs[i], stored));
    const here = (e: End) => e.side === "in" && node.inputs[e.at] === value && e.axis === axis;
    if (single.some(here)) return true;
    const on = ties.find(({ a, b, pairs }) => here(a) && b.side === "out" && !pairs);
    const next = on && node.outputs[on.b.at];
    return left > 0 && next ? taken(next, on.b.axis, left - 1) : false;
  };
  return (value, axis) => taken(value, axis, FARTHEST);
}
