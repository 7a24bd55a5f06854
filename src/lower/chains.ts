/** Nodes that can be taken together through pieces of their tensors' first axis: no element depends on other places along it. */
import { families } from "../graph/ops/index.ts";
import type { Graph, Node, Value } from "../graph/types.ts";
import { producers } from "../graph/walk.ts";

/** In the order of the graph; what lies between two of them is one of them. */
export type Chain = readonly Node[];

/** Whether an input has the output's first axis, and is not the same all along it. */
export const isCut = (x: Value, { outputs: [y] }: Node): boolean =>
  x.shape.length === y!.shape.length && x.shape[0] === y!.shape[0];

/** Whether each place along the first axis is computed by itself. */
function isApart(node: Node): boolean {
  const { op, domain, outputs, attrs, inputs } = node;
  const [y] = outputs;
  if (domain !== "" || outputs.length !== 1 || !y || y.shape.length < 2 || y.shape[0] < 2) return false;
  if (!inputs.some((x) => x && isCut(x, node))) return false;
  if (Object.hasOwn(families.elementwise, op)) return op !== "Identity"; // which names a value
  const axes = attrs.axes as readonly number[] | undefined;
  const within = axes && axes.length > 0 && axes.every((a) => a !== 0 && a !== -y.shape.length);
  return Object.hasOwn(families.reduction, op) && within === true && attrs.keepdims === 1;
}

/** Whether a node adds a row to what a product makes, which the runtime computes with the product. */
const isBias = ({ op, inputs }: Node, makes: ReadonlyMap<Value, Node>): boolean =>
  op === "Add" && inputs.some((x) => x && makes.get(x)?.op === "MatMul") && inputs.some((x) => x?.shape.length === 1);

/**
 * The chains of a graph, the largest that there are. A node belongs to the chain of what it reads unless something else lies between
 * them, so that a chain can be computed at once.
 */
export function chainsOf(graph: Graph): Chain[] {
  const makes = producers(graph);
  const depths = new Map<Node, number>();
  const chains = new Map<Node, Node[]>();
  for (const node of graph.nodes) {
    const apart = isApart(node) && !isBias(node, makes);
    const before = node.inputs.flatMap((x) => (x && makes.get(x)) ?? []);
    /** Whether both can be of one chain. */
    const joins = (other: Node) =>
      apart && chains.has(other) && isCut(other.outputs[0]!, node) && node.inputs.includes(other.outputs[0]);
    const depth = (other: Node) => depths.get(other)! + (joins(other) || other.op === "Constant" ? 0 : 1);
    const own = Math.max(0, ...before.map(depth));
    depths.set(node, own);
    if (!apart) continue;
    const joined = new Set(
      before.filter((other) => joins(other) && depths.get(other) === own).map((o) => chains.get(o)!),
    );
    const [chain = [], ...more] = joined;
    for (const other of more)
      for (const one of other) {
        chain.push(one);
        chains.set(one, chain);
      }
    chain.push(node);
    chains.set(node, chain);
  }
  const order = new Map(graph.nodes.map((node, i) => [node, i]));
  return [...new Set(chains.values())].map((chain) => chain.toSorted((a, b) => order.get(a)! - order.get(b)!));
}
