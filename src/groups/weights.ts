/** The weights of a network: stored tensors that turn channels into channels, with the nodes that use them. */
import { size } from "../graph/tensor.ts";
import type { Graph, Node, Tensor, Value } from "../graph/types.ts";
import { type Arranged, arrangedValues, partOf } from "./arranged.ts";
import { flowOf } from "./axes/index.ts";
import type { Weight } from "./axes/rule.ts";
import { type Stored, storedValues } from "./stored.ts";

export interface WeightUse extends Weight {
  readonly node: Node;
  readonly stored: Stored;
  /** The axis of the stored tensor whose channels are read, where nodes arrange its rows anew. */
  readonly readAxis?: number;
}

/** Every use of a weight, in the order of the nodes. A shared weight stands there once per node, and a node once per weight. */
export function weightUses(graph: Graph, stored: ReadonlyMap<Value, Stored> = storedValues(graph)): WeightUse[] {
  const arranged = arrangedValues(graph, stored);
  return graph.nodes.flatMap((node) => {
    const { weight, further = [] } = flowOf(node, (i) => tensorOf(node.inputs[i], stored));
    return [...(weight ? [weight] : []), ...further].flatMap((w) => usesOf(node, w, stored, arranged));
  });
}

/** The uses of one weight of a node: one, or one for each tensor that it is made of; none where it is computed otherwise. */
export function usesOf(
  node: Node,
  weight: Weight,
  stored: ReadonlyMap<Value, Stored>,
  arranged: Arranged,
): readonly WeightUse[] {
  const value = node.inputs[weight.at]!;
  const own = stored.get(value);
  if (own) return [{ ...weight, node, stored: own }];
  const parts = (arranged.get(value) ?? []).map((root): WeightUse | undefined => {
    const part = partOf(weight, root);
    return part && { ...weight, ...part, node, stored: stored.get(root)!, readAxis: root.shape.length - 1 };
  });
  return parts.every((part) => part !== undefined) ? parts : [];
}

/** The root tensor behind a stored value. Its axes are the value's only where the value is not transposed. */
export const tensorOf = (v: Value | null | undefined, stored: ReadonlyMap<Value, Stored>): Tensor | undefined =>
  v ? stored.get(v)?.tensor : undefined;

/**
 * A view of a stored value, and axes of it, in terms of the root tensor; undefined when the value's axes are permuted
 * and the view is not the value's own shape, so that no view of the root says the same.
 */
export function rootView(
  { root, perm }: Stored,
  view: readonly number[],
  axes: readonly number[],
): { view: readonly number[]; axes: readonly number[] } | undefined {
  if (perm.every((p, i) => p === i)) return { view, axes };
  if (view.length !== perm.length || size(view) !== size(root.shape)) return undefined;
  const mapped = axes.map((a) => perm[a]);
  return mapped.every((a, i) => i === 0 || a > mapped[i - 1]) ? { view: root.shape, axes: mapped } : undefined;
}
