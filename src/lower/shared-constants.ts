/** Equal constants, which pieces of a computation bring along each for itself, as one. */
import { sameShape } from "../graph/tensor.ts";
import type { Graph, Node, Tensor, Value } from "../graph/types.ts";

/** Shorter ones the builder keeps apart already. */
const LONG = 64;

/** A graph in which no long constant stands twice. Same inputs, outputs and values. */
export function withSharedConstants(graph: Graph): Graph {
  const { meanings: _, ...plain } = graph;
  const known = new Map<string, { readonly tensor: Tensor; readonly value: Value }[]>();
  const instead = new Map<Value, Value>();
  const nodes = graph.nodes.flatMap((node): Node[] => {
    const tensor = node.op === "Constant" ? (node.attrs.value as Tensor | undefined) : undefined;
    const [value] = node.outputs;
    if (tensor && value && tensor.data.length > LONG) {
      const key = `${tensor.dtype} ${tensor.data.length} ${tensor.data[LONG]} ${tensor.data.at(-1)}`;
      const alike = known.get(key) ?? [];
      const same = alike.find((one) => equal(one.tensor, tensor));
      if (same) instead.set(value, same.value);
      else known.set(key, [...alike, { tensor, value }]);
      if (same) return [];
    }
    const changed = node.inputs.some((x) => x && instead.has(x));
    return [changed ? { ...node, inputs: node.inputs.map((x) => (x && instead.get(x)) ?? x) } : node];
  });
  return { ...plain, nodes };
}

const equal = (a: Tensor, b: Tensor): boolean =>
  a.dtype === b.dtype && sameShape(a.shape, b.shape) && a.data.every((x, i) => Object.is(x, b.data[i]));
