/**
 * Whether biases hold the constants that moved into them: what is added behind a weight in the small model is what was
 * added in the full one, and what the columns that went added there.
 */
import { heldBy } from "../graph/nodes.ts";
import type { Graph, Node, Tensor, Value } from "../graph/types.ts";
import { consumers, producers } from "../graph/walk.ts";
import { walkAllowance, within } from "./effort.ts";
import { proofRuleOf } from "./rules/index.ts";
import type { Terms } from "./rules/rule.ts";
import { callOf, type FactMap } from "./walks.ts";

/** Which indices of each axis of a stored tensor went. */
export type Gone = (v: Value) => readonly ReadonlySet<number>[];

/** What was looked at, and what is wrong with it. */
export interface Biases {
  /** Stored tensors of the full model that are added behind a weight, and were compared. */
  readonly compared: ReadonlySet<Value>;
  readonly problems: readonly string[];
}

/** Sums are compared up to the rounding of float32, once for each of a few steps. */
const ROUNDING = 2 ** -20;

/** What it takes to compare one sum. */
const STEPS_PER_SUM = 32;
/** So many vectors are added up behind a weight; what is added later is compared number by number. */
const MOST_SUMS = 64;

/** @param whole names of stored tensors that went as a whole */
export function biases(full: Graph, small: Graph, facts: FactMap, gone: Gone, whole: ReadonlySet<string>): Biases {
  const compared = new Set<Value>();
  const problems: string[] = [];
  const [before, after] = [new Wiring(full), new Wiring(small)];
  const allowance = walkAllowance(full);
  const roots = rootsOf(full, facts);
  for (const node of full.nodes) {
    const terms = within(
      allowance,
      () => proofRuleOf(node).terms?.(callOf(node, facts)),
      () => undefined,
    );
    const w = terms && node.inputs[terms.weight]!;
    const root = w && (roots.get(w) ?? { value: w, perm: w.shape.map((_, axis) => axis) });
    if (!root || !before.stored.has(root.value) || whole.has(root.value.name)) continue;
    const went = root.perm.map((axis) => gone(root.value)[axis]);
    const now = after.weighing(node, terms.weight);
    const n = w.shape[terms.made];
    if (!now || !allowance.take(STEPS_PER_SUM * n)) continue; // what is not compared here is, number by number
    const kept = Array.from({ length: n }, (_, o) => o).filter((o) => !went[terms.made].has(o));
    const factor = sameNumbers(node, now) ? terms.bias : 1; // of a bias that is new, where none counted before
    const [old, fresh] = [before.added(node, terms.bias, n), after.added(now, factor, kept.length)];
    const last = old.findLast((a) => fresh.some((b) => b.name === a.name));
    if (!last) continue;
    const found = fresh.find((b) => b.name === last.name)!;
    for (const v of last.tensors) compared.add(v);
    const { sum, size } = moved(terms, went[terms.read], n);
    const wrong = kept.findIndex((o, i) => {
      const wanted = last.total[o] + sum[o];
      const scale = last.size[o] + size[o];
      return !(Math.abs(found.total[i] - wanted) <= ROUNDING * scale);
    });
    if (wrong >= 0)
      problems.push(
        `${node.op} "${node.name}" adds ${found.total[wrong]} to its channel ${kept[wrong]}; with what its constant channels added it is ${last.total[kept[wrong]] + sum[kept[wrong]]}`,
      );
  }
  return { compared, problems };
}

/** Whether every number among the attributes is as it was. */
const sameNumbers = (a: Node, b: Node): boolean =>
  Object.entries(a.attrs).every(([key, x]) => typeof x !== "number" || x === b.attrs[key]);

/** Of each value that another is but for the order of its axes, that other one: axis i is axis perm[i] of it. */
function rootsOf(graph: Graph, facts: FactMap): Map<Value, { value: Value; perm: readonly number[] }> {
  const roots = new Map<Value, { value: Value; perm: readonly number[] }>();
  for (const node of graph.nodes) {
    const permuted = proofRuleOf(node).permutes?.(callOf(node, facts));
    if (!permuted) continue;
    const from = node.inputs[0]!;
    const before = roots.get(from);
    const perm = before ? permuted.map((axis) => before.perm[axis]) : permuted;
    roots.set(node.outputs[0]!, { value: before?.value ?? from, perm });
  }
  return roots;
}

/** What columns that went added to each sum, and without signs. */
function moved(terms: Terms, went: ReadonlySet<number>, n: number): { sum: Float64Array; size: Float64Array } {
  const [sum, size] = [new Float64Array(n), new Float64Array(n)];
  if (went.size > 0)
    terms.each(went, (_, made, term) => {
      sum[made] += term;
      size[made] += Math.abs(term);
    });
  return { sum, size };
}

/** What has been added up to a value. */
interface Added {
  readonly name: string;
  /** For each channel. */
  readonly total: Float64Array;
  readonly size: Float64Array;
  readonly tensors: readonly Value[];
}

/** A graph with what is stored in it. */
class Wiring {
  private readonly readers: ReadonlyMap<Value, readonly Node[]>;
  readonly stored: Map<Value, Tensor>;
  private readonly makers: ReadonlyMap<string, Node>;
  readonly makerOf: ReadonlyMap<Value, Node>;

  constructor(graph: Graph) {
    this.readers = consumers(graph);
    this.stored = new Map(graph.initializers);
    this.makerOf = producers(graph);
    for (const n of graph.nodes) {
      const held = heldBy(n);
      if (held) this.stored.set(n.outputs[0]!, held);
    }
    this.makers = new Map(graph.nodes.flatMap((n) => n.outputs.flatMap((o) => (o ? [[o.name, n] as const] : []))));
  }

  /** The node that multiplies with a node's weight in this graph: it makes what the node makes, perhaps before a new sum. */
  weighing(node: Node, weight: number): Node | undefined {
    const name = node.inputs[weight]!.name;
    const maker = this.makers.get(node.outputs[0]!.name);
    const before = maker?.inputs.flatMap((v) => (v && this.makerOf.get(v)) ?? []) ?? [];
    return [maker, ...before].find((n) => n?.op === node.op && n.inputs[weight]?.name === name);
  }

  /** What is added to each of n channels behind a weight: its bias, then stored vectors, one after the other. */
  added(node: Node, scale: number, n: number): Added[] {
    const steps: Added[] = [];
    const [total, size] = [new Float64Array(n), new Float64Array(n)];
    const tensors: Value[] = [];
    const add = (v: Value | null | undefined, factor: number): boolean => {
      const t = v && this.stored.get(v);
      if (!t || (t.data.length !== n && t.data.length !== 1)) return false;
      for (let i = 0; i < n; i++) {
        const x = factor * Number(t.data[t.data.length === 1 ? 0 : i]);
        total[i] += x;
        size[i] += Math.abs(x);
      }
      tensors.push(v);
      return true;
    };
    if (node.inputs[2] && !add(node.inputs[2], scale)) return [];
    for (let y = node.outputs[0]!; ; ) {
      steps.push({ name: y.name, total: total.slice(), size: size.slice(), tensors: [...tensors] });
      const next = this.readers.get(y) ?? [];
      const neutral = next.length === 1 ? proofRuleOf(next[0]).neutral : undefined;
      const sums = next[0]?.inputs.length === 2 && neutral?.(0) === 0 && neutral(1) === 0;
      if (!sums || steps.length > MOST_SUMS || !add(next[0].inputs[1 - next[0].inputs.indexOf(y)], 1)) return steps;
      y = next[0].outputs[0]!;
    }
  }
}
