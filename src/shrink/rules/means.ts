/**
 * Means over channels of which some go: those are zero, so the sum is the same, and it is divided by as many as there were.
 */
import { nodes } from "../../graph/nodes.ts";
import { axesOf } from "../../graph/op.ts";
import { f32 } from "../../graph/tensor.ts";
import type { Node, Value } from "../../graph/types.ts";
import type { Masks } from "./rule.ts";

interface Mean {
  readonly in: readonly [Value];
  readonly attrs: { readonly axes: readonly number[] | undefined; readonly keepdims: number };
}

/** The sum of what is left over the number of all; the mean itself where it loses none of what it is over. */
export function meanOfAll(
  small: Node,
  { in: [x], attrs }: Mean,
  masks: Masks,
  name: (stem: string) => string,
): readonly Node[] {
  const [axis, ...more] = axesOf(attrs.axes ?? x.shape.map((_, i) => i), x.shape.length);
  if (more.length > 0 || !masks("in", 0)[axis]) return [small];
  const [y] = small.outputs;
  const sum = nodes.ReduceSum(name("sum"), small.inputs, { axes: attrs.axes, keepdims: attrs.keepdims });
  const count = nodes.Constant(name("count"), [], { value: f32([x.shape[axis]], []) });
  return [sum, count, nodes.Div(small.name, [sum.outputs[0], count.outputs[0]], {}, y!)];
}
