/**
 * A training step that keeps less until its backward pass: what is cheap to compute again — a normalized value, a ReLU, a difference — is
 * computed again from what it was made of (Chen et al. 2016, "Training deep nets with sublinear memory cost"), by the same operators on
 * the same numbers, so that the step ends with the same bytes. A runtime that takes equal nodes for one must not do so here.
 */
import { takeName } from "../graph/new-names.ts";
import { families, opOf } from "../graph/ops/index.ts";
import { bytesPerElement, size } from "../graph/tensor.ts";
import type { Graph, Node, Value } from "../graph/types.ts";
import { consumers, producers, withoutUnread } from "../graph/walk.ts";
import { ordered, peakMemory, runOrder } from "./order.ts";

/** What is smaller is kept: statistics of channels, masks of a few numbers. */
const SMALL = 2 ** 18;
/** Most nodes from what is kept to what is computed again. */
const CHAIN = 4;
/** What waits for longer than this part of a run waits long. */
const LONG = 20;

const bytesOf = (v: Value): number => size(v.shape) * bytesPerElement(v.dtype);

/**
 * The graph with cheap values computed again where that makes it keep less at once.
 * @param graph as a runtime is to compute it
 * @returns the same graph when nothing is gained
 */
export function recomputing(graph: Graph): Graph {
  const plain = ordered(graph);
  const dropped = toDrop(plain);
  if (dropped.values.size === 0) return plain;
  const made = ordered(again(plain, dropped));
  return peakMemory(made, false) < peakMemory(plain, false) ? made : plain;
}

interface Dropped {
  readonly values: ReadonlySet<Value>;
  /** The nodes of the first half of the run, in its order, and those of the second, which read copies. */
  readonly early: readonly Node[];
  readonly late: ReadonlySet<Node>;
}

/** Which values that wait for the second half of a run are dropped: those that follow from what is kept, where less is kept so. */
function toDrop(graph: Graph): Dropped {
  const nodes = runOrder(graph);
  const turn = turningPoint(nodes);
  const [early, late] = [nodes.slice(0, turn), new Set(nodes.slice(turn))];
  const makes = producers(graph);
  const reads = consumers(graph);
  const outputs = new Set(graph.outputs);
  const isLarge = (v: Value | null): v is Value => v !== null && bytesOf(v) > SMALL;
  const waits = (v: Value) => isLarge(v) && !outputs.has(v) && (reads.get(v) ?? []).some((n) => late.has(n));
  const kept = new Set(early.flatMap((n) => n.outputs.filter((v) => v !== null && waits(v))));
  const values = new Set<Value>();
  /** Whether a value follows from the base and what is kept, without what is itself dropped. */
  const follows = (v: Value, base: Value, most = CHAIN): boolean => {
    const node = makes.get(v);
    if (!node || !isCheap(node) || most === 0) return false;
    return node.inputs.every(
      (x) => !isLarge(x) || x === base || kept.has(x) || (!values.has(x) && follows(x, base, most - 1)),
    );
  };
  for (const node of early)
    for (const base of node.outputs) {
      if (!isLarge(base) || isCheap(node)) continue;
      const gone: Value[] = [];
      for (const v of followersOf(base, reads, late)) if (v !== base && kept.has(v) && follows(v, base)) gone.push(v);
      const gain = gone.reduce((sum, v) => sum + bytesOf(v), kept.has(base) ? 0 : -bytesOf(base));
      if (gain <= 0) continue;
      kept.add(base);
      for (const v of gone) {
        kept.delete(v);
        values.add(v);
      }
    }
  return { values, early, late };
}

/** What is made of a value by at most `CHAIN` cheap nodes before the turning point, nearest first. */
function followersOf(base: Value, reads: ReadonlyMap<Value, readonly Node[]>, late: ReadonlySet<Node>): Set<Value> {
  let front: Value[] = [base];
  const found = new Set<Value>();
  for (let i = 0; i < CHAIN; i++) {
    const nodes = front.flatMap((v) => reads.get(v) ?? []).filter((n) => isCheap(n) && !late.has(n));
    front = nodes.flatMap((n) => n.outputs.filter((v) => v !== null && !found.has(v))) as Value[];
    for (const v of front) found.add(v);
  }
  return found;
}

/** The place in a run where most waits for what is far behind it. */
function turningPoint(nodes: readonly Node[]): number {
  const made = new Map<Value, number>();
  const end = new Map<Value, number>();
  nodes.forEach((n, i) => {
    for (const y of n.outputs) if (y) made.set(y, i);
    for (const x of n.inputs) if (x) end.set(x, i);
  });
  const change = nodes.map(() => 0);
  for (const [v, from] of made) {
    const to = end.get(v) ?? from;
    if (to - from < nodes.length / LONG) continue;
    change[from] += bytesOf(v);
    change[to] -= bytesOf(v);
  }
  let [now, most, at] = [0, 0, 0];
  change.forEach((bytes, i) => {
    now += bytes;
    if (now > most) [most, at] = [now, i + 1];
  });
  return at;
}

/** The graph in which late nodes read copies that are computed again. */
function again(graph: Graph, { values, early, late }: Dropped): Graph {
  const makes = producers(graph);
  const names = new Set(graph.nodes.flatMap((n) => n.outputs.flatMap((v) => v?.name ?? [])));
  const copies = new Map<Value, Value>();
  const nodes: Node[] = [];
  const waitsAnyway = new Set([...late].flatMap((n) => n.inputs.filter((v) => v !== null && !values.has(v))));
  const isKept = (v: Value, wanted: boolean): boolean => {
    const node = makes.get(v);
    return !node || !isCheap(node) || bytesOf(v) <= SMALL || (!wanted && waitsAnyway.has(v));
  };
  const copyOf = (v: Value, wanted: boolean): Value => {
    if (isKept(v, wanted)) return v;
    const known = copies.get(v);
    if (known) return known;
    const node = makes.get(v)!;
    const inputs = node.inputs.map((x) => x && copyOf(x, values.has(x)));
    const copy: Value = { ...v, name: takeName(`${v.name}/again`, names) };
    nodes.push({ ...node, name: copy.name, inputs, outputs: [copy] });
    copies.set(v, copy);
    return copy;
  };
  const after = [...late].map((n) => ({
    ...n,
    inputs: n.inputs.map((v) => (v && values.has(v) ? copyOf(v, true) : v)),
  }));
  return withoutUnread({ ...graph, nodes: [...early, ...nodes, ...after] });
}

/** Whether computing it takes little longer than reading what it makes. */
const isCheap = ({ op, domain, outputs }: Node): boolean => {
  const entry = opOf(op, domain);
  return (
    outputs.length === 1 &&
    entry !== undefined &&
    (entry.reshapes === true || entry.statistics !== undefined || Object.hasOwn(families.elementwise, op))
  );
};
