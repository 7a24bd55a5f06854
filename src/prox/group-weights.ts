/** The weights ω_g of a group penalty. */
import type { Builder } from "../graph/builder.ts";
import { macsOf } from "../graph/macs.ts";
import { f32, size } from "../graph/tensor.ts";
import type { Graph, Node, Value } from "../graph/types.ts";
import type { GroupKind, GroupSet } from "../groups/group-set.ts";
import { eachRun } from "../groups/runs.ts";
import { weightUses } from "../groups/weights.ts";
import { type ChannelTime, groupTimes } from "./time-weights.ts";

/**
 * - "size": √(weights in the group), as the papers. With one λ for all layers it empties narrow layers first.
 * - "balanced": "size" scaled set by set, so that narrow sets are spared; see `groupWeights`.
 * - "macs": "balanced" with multiply–accumulates in place of weights: what a convolution uses at many places weighs more than a layer
 *   that uses its weights once. On average as large as "balanced", so that a λ means about the same.
 * - "latency": the milliseconds that a channel saves when it goes, as a table of measured times says, on average as large as
 *   "balanced". Of `coupled` and `headWidth` groups, in a run that is steered to a time.
 * - "uniform": 1.
 */
export type GroupWeights = "size" | "balanced" | "macs" | "latency" | "uniform";

/** What groups are weighed by. */
interface Weighing {
  readonly weights: GroupWeights;
  readonly groups: GroupKind;
  /** With "latency". */
  readonly times?: readonly ChannelTime[];
}

/** λω_g of sets in the graph, one behind the other: [count], or a scalar when all are the same. */
export function strengths(g: Builder, omegas: readonly Float64Array[], lambda: number): Value {
  const x = omegas.flatMap((omega) => [...omega]).map((w) => lambda * w);
  return x.every((one) => one === x[0]) ? g.scalar(x[0]) : g.constant(f32(x));
}

/**
 * ω_g for every group of every set of a graph.
 * @throws UsageError for "latency" without times of the sets' channels
 */
export function groupWeights(
  graph: Graph,
  sets: readonly GroupSet[],
  { weights: how, groups, times }: Weighing,
): Map<GroupSet, Float64Array> {
  const widest = Math.max(...sets.map((s) => s.count));
  const spared = (set: GroupSet, sizes: Float64Array) =>
    sizes.map((n) => (how === "size" ? 1 : Math.sqrt(set.count / widest)) * Math.sqrt(n));
  if (how === "uniform") return new Map(sets.map((set) => [set, new Float64Array(set.count).fill(1)]));
  const bySize = new Map(sets.map((set) => [set, spared(set, set.sizes)]));
  if (how === "macs") {
    const each = perElement(graph);
    return scaled(new Map(sets.map((set) => [set, spared(set, macsIn(set, each))])), bySize);
  }
  if (how !== "latency") return bySize;
  const ms = groupTimes(graph, sets, groups, times);
  return scaled(new Map(sets.map((set) => [set, new Float64Array(set.count).fill(ms.get(set)!)])), bySize);
}

/** On average as large as others, so that a λ means about the same. */
function scaled(omegas: ReadonlyMap<GroupSet, Float64Array>, as: ReadonlyMap<GroupSet, Float64Array>) {
  const scale = total(as) / total(omegas);
  return new Map([...omegas].map(([set, omega]) => [set, omega.map((w) => w * scale)]));
}

const total = (omegas: ReadonlyMap<GroupSet, Float64Array>): number =>
  [...omegas.values()].reduce((sum, omega) => sum + omega.reduce((a, b) => a + b, 0), 0);

/** How many multiply–accumulates each element of a weight makes, over all its uses: one a pixel, a token, a step; of the graph's batch. */
function perElement(graph: Graph): Map<Value, number> {
  const uses = weightUses(graph);
  const elements = new Map<Node, Map<number, number>>(); // of a node, by the input that holds them: gates of one weight are several uses
  for (const { node, at } of uses) {
    const held = elements.get(node) ?? new Map<number, number>();
    elements.set(node, held.set(at, size(node.inputs[at]!.shape)));
  }
  const found = new Map<Value, number>();
  const counted = new Map<Node, Set<Value>>();
  for (const { node, stored } of uses) {
    const known = counted.get(node) ?? new Set<Value>();
    if (known.has(stored.root)) continue;
    counted.set(node, known.add(stored.root));
    const all = [...elements.get(node)!.values()].reduce((a, b) => a + b, 0);
    found.set(stored.root, (found.get(stored.root) ?? 0) + macsOf(node) / all);
  }
  return found;
}

/** Multiply–accumulates in each group; what multiplies nothing, a bias, counts as one. */
function macsIn(set: GroupSet, each: ReadonlyMap<Value, number>): Float64Array {
  const sums = new Float64Array(set.count);
  for (const { param, view, axes, channels } of set.members) {
    const times = each.get(param) ?? 1;
    eachRun(view, axes, [], (i, _, start, end) => {
      const group = channels ? channels[i] : i;
      if (group >= 0) sums[group] += times * (end - start);
    });
  }
  return sums;
}
