/** Nodes outside a builder: made one by one, and the tensors that constants among them hold. */
import { inferNode } from "./infer.ts";
import { type OpAttrs, type OpName, opOf, ops } from "./ops/index.ts";
import type { Attrs, Node, Tensor, Value } from "./types.ts";

type Inputs = readonly (Value | null)[];

/**
 * A node of the operator table with one output, of the type that the table infers.
 * @param output what it makes. Default: a new value that is called as the node
 */
export function makeNode(op: string, name: string, inputs: Inputs, given: Attrs, output?: Value): Node {
  const { attrs, outputs } = inferNode(op, "", name, inputs, given);
  return { op, domain: "", name, inputs, outputs: [output ?? { name, ...outputs[0] }], attrs };
}

/** One function per operator, spelled as ONNX spells it: `nodes.Add(name, [a, b])`. */
type Nodes = {
  readonly [K in OpName]: (name: string, inputs: Inputs, attrs?: OpAttrs<K>, output?: Value) => Node;
};

export const nodes = Object.fromEntries(
  Object.keys(ops).map((op) => [
    op,
    (name: string, inputs: Inputs, attrs: Attrs = {}, output?: Value) => makeNode(op, name, inputs, attrs, output),
  ]),
) as Nodes;

/** The tensor that a node does nothing but hold, or undefined when it computes something. */
export function heldBy({ op, domain, attrs }: Node): Tensor | undefined {
  const at = opOf(op, domain)?.holds;
  return at === undefined ? undefined : (attrs[at] as Tensor);
}

/** The node with another tensor in it. @param node one that holds a tensor */
export function holding(node: Node, value: Tensor): Node {
  const output = { ...node.outputs[0]!, shape: value.shape };
  return { ...node, attrs: { ...node.attrs, [opOf(node.op)!.holds!]: value }, outputs: [output] };
}
