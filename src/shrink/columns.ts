/**
 * Columns of the network's input that no weight reads. The input keeps its name and shape; a Gather behind it picks the
 * columns that are left, where that saves more bytes than it costs.
 */

import { newNames } from "../graph/new-names.ts";
import { heldBy, nodes } from "../graph/nodes.ts";
import { i64, numbers, size } from "../graph/tensor.ts";
import type { Graph, Node, Tensor, Value } from "../graph/types.ts";
import { consumers, producers } from "../graph/walk.ts";
import type { WeightUse } from "../groups/weights.ts";
import type { Analysis } from "./analysis.ts";
import { cutTensor } from "./cut.ts";
import { shrinkRuleOf, weightedOf } from "./rules/index.ts";

/** What a node costs in a file beside its data, in bytes. */
const NODE_BYTES = 256;

export interface DroppedColumns {
  readonly graph: Graph;
  /** 1 = the column stays, for every weight that reads the input. */
  readonly mask: Uint8Array;
  readonly weights: readonly { readonly root: Value; readonly axis: number }[];
}

/** Drops the dead columns of one value, or undefined when there are none worth it. */
export function dropColumns(analysis: Analysis): DroppedColumns | undefined {
  const byValue = new Map<Value, WeightUse[]>();
  const names = new Set(analysis.graph.inputs.map((v) => v.name));
  for (const use of analysis.uses) {
    const x = use.node.inputs[use.data.at]!;
    const known = byValue.get(x);
    if (known) known.push(use);
    else if (isInput(analysis, names, x, use.data.axis)) byValue.set(x, [use]);
  }
  const wiring = { readers: consumers(analysis.graph), makers: producers(analysis.graph), uses: useCounts(analysis) };
  for (const [x, uses] of byValue) {
    const dropped = drop(analysis, wiring, x, uses);
    if (dropped) return dropped;
  }
  return undefined;
}

/** Whether nothing but the network's input keeps an axis from being cut. */
function isInput({ channels }: Analysis, names: ReadonlySet<string>, x: Value, axis: number): boolean {
  const fromInput = (o: { op: string; name: string } | undefined) => o?.op === "" && names.has(o.name);
  const classes = channels.of(x, axis);
  return classes ? classes.every((c) => fromInput(channels.obstacle(c))) : fromInput(channels.closed(x, axis));
}

/** Who reads and makes values, and how often a stored tensor is used as a weight. */
interface Wiring {
  readonly readers: ReadonlyMap<Value, readonly Node[]>;
  readonly makers: ReadonlyMap<Value, Node>;
  readonly uses: ReadonlyMap<Value, number>;
}

function useCounts({ uses }: Analysis): Map<Value, number> {
  const counts = new Map<Value, number>();
  for (const { stored } of uses) counts.set(stored.root, (counts.get(stored.root) ?? 0) + 1);
  return counts;
}

function drop(
  { graph, zeros }: Analysis,
  wiring: Wiring,
  x: Value,
  readers: readonly WeightUse[],
): DroppedColumns | undefined {
  const { axis } = readers[0].data;
  const all = wiring.readers.get(x)!;
  const cuttable = (u: WeightUse) =>
    weightedOf(u.node)?.columns &&
    u.data.axis === axis &&
    graph.initializers.has(u.stored.root) &&
    wiring.uses.get(u.stored.root) === 1;
  if (graph.outputs.includes(x) || all.length !== readers.length || !readers.every(cuttable)) return undefined;
  const zero = readers.map((u) => zeros.reads(u));
  const mask = Uint8Array.from({ length: x.shape[axis] }, (_, i) => (zero.every((z) => z[i]) ? 0 : 1));
  const kept = mask.reduce((n, m) => n + m, 0);
  const rows = readers.reduce((n, u) => n + size(u.view) / x.shape[axis], 0);
  const maker = wiring.makers.get(x);
  const gather = maker?.outputs[0] === x && storedIndices(graph, maker, axis) ? maker : undefined;
  const cost = gather ? 0 : 8 * kept + NODE_BYTES;
  if (kept === 0 || kept === mask.length || 4 * rows * (mask.length - kept) <= cost) return undefined;
  const weights = readers.map((u) => ({ root: u.stored.root, axis: u.stored.perm[u.reads[0]] }));
  return { graph: rewrite(graph, x, axis, mask, gather, weights), mask, weights };
}

/** The stored indices of a selection along an axis; undefined for any other node. */
function storedIndices(graph: Graph, node: Node, axis: number): Tensor | undefined {
  const listed = shrinkRuleOf(node)?.cut.indices;
  const indices = listed && node.inputs[listed.at];
  if (indices?.shape.length !== 1 || listed?.axis(node.attrs) !== axis) return undefined;
  const made = graph.nodes.find((n) => n.outputs[0] === indices);
  return graph.initializers.get(indices) ?? (made && heldBy(made));
}

function rewrite(
  graph: Graph,
  x: Value,
  axis: number,
  mask: Uint8Array,
  gather: Node | undefined,
  weights: DroppedColumns["weights"],
): Graph {
  const source = gather && numbers(storedIndices(graph, gather, axis)!);
  const columns = [...mask.keys()].filter((i) => mask[i]).map((i) => (source ? source[i] : i));
  const value = i64(columns);
  const listed = nodes.Constant(newNames(graph)(`${x.name}/columns`), [], { value });
  const from = gather ? gather.inputs[0]! : x;
  const gathered = nodes.Gather(newNames(graph)(`${x.name}/read`), [from, listed.outputs[0]], { axis });
  const [picked] = gathered.outputs as [Value];
  const added: Node[] = [listed, gathered];
  const map = new Map<Value, Value>([[x, picked]]);
  const initializers = new Map<Value, Tensor>();
  for (const [v, t] of graph.initializers) {
    const cut = weights.find((w) => w.root === v);
    const small = cut
      ? cutTensor(
          t,
          v.shape.map((_, i) => (i === cut.axis ? mask : undefined)),
        )
      : t;
    const w = cut ? { ...v, shape: small.shape } : v;
    if (cut) map.set(v, w);
    initializers.set(w, small);
  }
  const renew = (n: Node): Node => ({ ...n, inputs: n.inputs.map((v) => (v && map.get(v)) ?? v) });
  const renewed: Node[] = graph.inputs.includes(x) ? added.splice(0) : [];
  for (const n of graph.nodes) {
    if (n === gather) renewed.push(...added.splice(0));
    else if (n.outputs.includes(x)) renewed.push(n, ...added.splice(0));
    else renewed.push(renew(n));
  }
  return { ...graph, initializers, nodes: renewed };
}
