/**
 * Stored tensors whose rows nodes rearrange before a layer reads them: exporters in training mode put the gates of recurrent layers
 * into ONNX's order, and directions side by side, by nodes. Along the last axis every element stays where it was, so that what reads
 * a column of the result reads that column of the tensors.
 */
import { opOf } from "../graph/ops/index.ts";
import { size } from "../graph/tensor.ts";
import type { Graph, Node, Value } from "../graph/types.ts";
import { flowOf } from "./axes/index.ts";
import type { Weight } from "./axes/rule.ts";
import type { Stored } from "./stored.ts";

/** Of values that are made so, the tensors that they are made of. */
export type Arranged = ReadonlyMap<Value, readonly Value[]>;

/** Whether an output's last axis is that of every input. */
function keepsColumns(node: Node, at: number): boolean {
  const { ties } = flowOf(node, () => undefined);
  return node.inputs.every((x, i) =>
    ties.some(
      ({ a, b, pairs, merged }) =>
        !merged &&
        (!pairs || isWhole(pairs, x!)) &&
        a.side === "in" &&
        a.at === i &&
        a.axis === x!.shape.length - 1 &&
        b.side === "out" &&
        b.at === at &&
        b.axis === node.outputs[at]!.shape.length - 1,
    ),
  );
}

/** Whether pairs of indices are each index with itself. */
function isWhole(
  { count, a, b }: { count: number; a: (k: number) => number; b: (k: number) => number },
  x: Value,
): boolean {
  if (count !== x.shape.at(-1)) return false;
  for (let k = 0; k < count; k++) if (a(k) !== k || b(k) !== k) return false;
  return true;
}

export function arrangedValues(graph: Graph, stored: ReadonlyMap<Value, Stored>): Arranged {
  const found = new Map<Value, readonly Value[]>();
  const rootsOf = (v: Value | null): readonly Value[] | undefined => {
    const own = v && stored.get(v);
    return own ? (own.perm.every((p, i) => p === i) ? [own.root] : undefined) : v ? found.get(v) : undefined;
  };
  for (const node of graph.nodes) {
    if (!opOf(node.op, node.domain)?.rearranges) continue;
    const roots = node.inputs.map(rootsOf);
    if (!roots.every((r) => r !== undefined)) continue;
    node.outputs.forEach((o, at) => {
      if (o?.shape.length && !stored.has(o) && keepsColumns(node, at)) found.set(o, [...new Set(roots.flat())]);
    });
  }
  return found;
}

/**
 * A weight of which only the rows, by units, are rearranged, as a part of it that one tensor is; undefined where that cannot be said.
 * @param weight whose last axis is read, and whose last but one are units
 */
export function partOf(weight: Weight, root: Value): Pick<Weight, "view" | "reads" | "makes"> | undefined {
  const { view, reads, makes } = weight;
  const [units, inner] = view.slice(-2);
  const rows = size(root.shape) / (units * inner);
  const fits = reads.length === 1 && reads[0] === view.length - 1 && makes.length === 1 && makes[0] === view.length - 2;
  if (!fits || root.shape.at(-1) !== inner || !Number.isInteger(rows)) return undefined;
  return { view: [rows, units, inner], reads: [2], makes: [1] };
}
