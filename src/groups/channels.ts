/**
 * The channels of a network: indices of axes of values (stored tensors included) that can only be removed together.
 * A walk in topological order gives every axis its indices' classes, following the ties of the operators' rules; an
 * axis that carries no channels (batch, space, whatever an unknown operator makes) is closed, with the reason.
 */
import { Allowance, storedElements } from "../graph/allowance.ts";
import { heldBy } from "../graph/nodes.ts";
import type { Graph, Node, Value } from "../graph/types.ts";
import { type Arranged, arrangedValues } from "./arranged.ts";
import { flowOf } from "./axes/index.ts";
import type { AxisFactor, End, Flow, Pairs, Tie } from "./axes/rule.ts";
import { Classes } from "./classes.ts";
import { regrouped } from "./regroup.ts";
import { type Stored, storedValues } from "./stored.ts";
import { NodeTies } from "./ties.ts";
import { tensorOf, usesOf } from "./weights.ts";

/** Why channels cannot be removed. */
export interface Obstacle {
  /** The operator that prevents it; "" when it is none. */
  readonly op: string;
  /** Name of the node, input or output; "" when the reason stands alone. */
  readonly name: string;
  readonly why: string;
}

/** `Softmax "probs" normalizes over this axis` */
export const obstacleText = ({ op, name, why }: Obstacle): string =>
  op ? `${op} "${name}" ${why}` : name ? `${why} "${name}"` : why;

export interface Channels {
  readonly stored: ReadonlyMap<Value, Stored>;
  /** Values of which nodes arrange the rows of stored tensors. */
  readonly arranged: Arranged;
  /** The class of each index of an axis; undefined when the axis is closed. Axes that are the same may share one array. */
  of(value: Value, axis: number): Int32Array | undefined;
  /** Why an axis is closed. */
  closed(value: Value, axis: number): Obstacle | undefined;
  /** The classes that a class is made of: it goes when one of them does. Of most, itself alone. */
  parts(channel: number): readonly number[];
  /** Why no part of a class can be removed; undefined when nothing prevents it. */
  obstacle(channel: number): Obstacle | undefined;
  /** What a node's rule said. */
  flow(node: Node): Flow;
  /** Its ties, by the axes that they name. */
  ties(node: Node): NodeTies;
}

type Axis = Int32Array | Obstacle;
const isOpen = (a: Axis): a is Int32Array => a instanceof Int32Array;

/** How many indices, beside those of stored tensors, are followed from node to node; the axes of most networks have far fewer. */
const MOST_INDICES = 2 ** 21;

class Tracing {
  readonly sets = new Classes();
  readonly axes = new Map<Value, Axis[]>();
  /** In the order in which they were found; of a channel, the first counts. */
  readonly obstacles: [Int32Array, Obstacle][] = [];
  readonly flows = new Map<Node, Flow>();
  readonly ties = new Map<Node, NodeTies>();
  readonly stored: Map<Value, Stored>;
  readonly arranged: Arranged;
  private readonly allowance: Allowance;
  private readonly blocked = new Set<Int32Array>();
  /** Axes of which every index has a class. */
  private readonly full = new Set<Int32Array>();
  private readonly joined = new Map<Int32Array, Set<Int32Array>>();

  constructor(graph: Graph) {
    this.stored = storedValues(graph);
    this.arranged = arrangedValues(graph, this.stored);
    this.allowance = new Allowance(MOST_INDICES + 2 * storedElements(graph));
    for (const v of graph.inputs) {
      const closed: Obstacle = { op: "", name: v.name, why: "it is the network's input" };
      this.axes.set(
        v,
        v.shape.map(() => closed),
      );
    }
    for (const [v, { root }] of this.stored)
      if (v === root)
        this.axes.set(
          v,
          v.shape.map((d) => (this.allowance.take(d) ? this.sets.fresh(d) : { op: "", name: v.name, why: TOO_MANY })),
        );
    for (const node of graph.nodes) if (!heldBy(node)) this.visit(node);
    for (const v of graph.outputs) this.blockAll(v, { op: "", name: v.name, why: "it reaches the network's output" });
    for (const axes of this.axes.values())
      for (const a of axes)
        if (isOpen(a) && a.length === 1) this.block(a, { op: "", name: "", why: "it is the only channel" });
  }

  /** Whole axes are often one after the other the same; what is said of one a second time says nothing new. */
  private block(axis: Int32Array, obstacle: Obstacle): void {
    if (this.blocked.has(axis)) return;
    this.blocked.add(axis);
    this.obstacles.push([axis, obstacle]);
  }

  private blockAll(v: Value, obstacle: Obstacle): void {
    for (const a of this.axes.get(v) ?? []) if (isOpen(a)) this.block(a, obstacle);
  }

  private visit(node: Node): void {
    const flow = flowOf(node, (i) => tensorOf(node.inputs[i], this.stored));
    const ties = new NodeTies(flow.ties);
    this.flows.set(node, flow);
    this.ties.set(node, ties);
    const mixed: Obstacle = { op: node.op, name: node.name, why: flow.why ?? "mixes this axis" };
    if (flow.regrouped) this.regroup(node, flow.regrouped, mixed);
    node.outputs.forEach((o, at) => {
      if (!o || flow.regrouped) return;
      this.axes.set(
        o,
        o.shape.map((d, axis) =>
          at === 0 && flow.repeats?.includes(axis) && this.allowance.take(d)
            ? this.sets.fresh(d)
            : this.outputAxis(node, ties.reaching(at, axis), d, mixed),
        ),
      );
    });
    for (const t of ties.aside) this.join(node, t);
    this.keepUnseen(node, flow);
    node.inputs.forEach((x, at) => {
      this.axes.get(x!)?.forEach((a, axis) => {
        if (isOpen(a) && !ties.names(at, axis) && !flow.sums?.some((e) => e.at === at && e.axis === axis))
          this.block(a, mixed);
      });
    });
  }

  /** The axes of what is made of the factors of others. */
  private regroup(node: Node, factors: readonly AxisFactor[], mixed: Obstacle): void {
    const before = this.axes.get(node.inputs[0]!)!;
    const to = node.outputs[0]!;
    const found = regrouped(this.sets, this.allowance, before, factors, to.shape, mixed);
    for (const line of found?.lost ?? before.filter(isOpen)) this.block(line, found ? mixed : tooMany(node));
    this.axes.set(to, [...(found?.axes ?? to.shape.map(() => tooMany(node)))]);
  }

  /** What a weight reads that is computed stays: nobody could tell where it is zero. */
  private keepUnseen(node: Node, { weight, further = [] }: Flow): void {
    for (const w of weight ? [weight, ...further] : further) {
      if (usesOf(node, w, this.stored, this.arranged).length > 0) continue;
      const axis = this.axis(node, w.data);
      if (isOpen(axis))
        this.block(axis, { op: node.op, name: node.name, why: "reads it by a weight that is computed" });
    }
  }

  /** Classes of an output axis of n indices: those of the input axes it is tied to, united. */
  private outputAxis(node: Node, sources: readonly Tie[], n: number, mixed: Obstacle): Axis {
    const open = sources.flatMap((t) => this.opened(node, t));
    if (open.length === 0) return sources[0] ? this.axis(node, sources[0].a) : mixed;
    for (const { from } of open.splice(open[0].merged ? 1 : open.length)) this.block(from, mixed);
    const shut = sources.filter((t) => !t.merged && !isOpen(this.axis(node, t.a)));
    const out = this.united(open, n);
    if (!out) {
      for (const { from } of open) this.block(from, tooMany(node));
      return tooMany(node);
    }
    for (const { a, pairs } of shut) {
      const obstacle = this.axis(node, a) as Obstacle;
      const part = pairs && pairs.count <= n && this.allowance.take(pairs.count);
      if (!part) this.fill(out);
      this.block(part ? this.taken(out, pairs) : out, obstacle);
    }
    const rest = this.fill(out);
    if (rest.length > 0) this.block(rest, mixed);
    return out;
  }

  private opened(node: Node, { a, pairs, merged }: Tie): Source[] {
    const from = this.axis(node, a);
    return isOpen(from) ? [{ from, pairs, merged: merged ?? false }] : [];
  }

  /** The classes that open axes bring to n indices, −1 where none does; undefined when these are too many to be followed. */
  private united(open: readonly Source[], n: number): Int32Array | undefined {
    const whole = open.find(({ from, pairs }) => !pairs && from.length === n);
    const pairs = open.reduce((k, source) => k + (source.pairs?.count ?? 0), 0);
    if (!this.allowance.take(pairs + (whole ? 0 : n))) return undefined;
    // one array stands for all axes that are the same: a chain of operators makes none
    const out = whole?.from ?? new Int32Array(n).fill(-1);
    for (const { from, pairs } of open)
      if (!pairs && whole) this.joinWhole(out, from);
      else
        eachPair(pairs, n, (i, j) => {
          if (out[j] < 0) out[j] = from[i];
          else this.sets.unite(out[j], from[i]);
        });
    return out;
  }

  /** Gives a class of its own to every index that has none. @returns those classes */
  private fill(out: Int32Array): Int32Array {
    if (this.full.has(out)) return new Int32Array(0);
    this.full.add(out);
    const missing = out.reduce((k, c) => k + (c < 0 ? 1 : 0), 0);
    const made = this.sets.fresh(missing);
    for (let j = 0, k = 0; k < missing; j++) if (out[j] < 0) out[j] = made[k++];
    return made;
  }

  /** The classes of the indices of an output axis that pairs name, made where there are none. */
  private taken(out: Int32Array, pairs: Pairs): Int32Array {
    const found = new Int32Array(pairs.count);
    for (let k = 0; k < found.length; k++) {
      const j = pairs.b(k);
      if (out[j] < 0) out[j] = this.sets.fresh(1)[0];
      found[k] = out[j];
    }
    return found;
  }

  private joinWhole(a: Int32Array, b: Int32Array): void {
    const known = this.joined.get(a) ?? new Set([a]);
    if (known.has(b)) return;
    this.joined.set(a, known.add(b));
    for (let i = 0; i < Math.min(a.length, b.length); i++) this.sets.unite(a[i], b[i]);
  }

  /** Two inputs' axes, or two outputs'. */
  private join(node: Node, { a, b, pairs }: Tie): void {
    const [p, q] = [this.axis(node, a), this.axis(node, b)];
    if (isOpen(p) && isOpen(q)) {
      if (!pairs) this.joinWhole(p, q);
      else if (this.allowance.take(pairs.count)) eachPair(pairs, p.length, (i, j) => this.sets.unite(p[i], q[j]));
      else for (const axis of [p, q]) this.block(axis, tooMany(node));
    } else if (isOpen(p)) this.block(p, q as Obstacle);
    else if (isOpen(q)) this.block(q, p);
  }

  private axis(node: Node, { side, at, axis }: End): Axis {
    const value = (side === "in" ? node.inputs : node.outputs)[at]!;
    return this.axes.get(value)![axis];
  }
}

/** An open axis that a tie brings. */
interface Source {
  readonly from: Int32Array;
  readonly pairs: Pairs | undefined;
  readonly merged: boolean;
}

const TWO_WAYS: Obstacle = { op: "", name: "", why: "it would have to go with what goes without it" };
const TOO_MANY = "more channels than are followed are in";
const tooMany = ({ op, name }: Node): Obstacle => ({
  op,
  name,
  why: "makes more channels than are followed",
});

function eachPair(pairs: Tie["pairs"], n: number, visit: (i: number, j: number) => void): void {
  if (!pairs) for (let i = 0; i < n; i++) visit(i, i);
  else for (let k = 0; k < pairs.count; k++) visit(pairs.a(k), pairs.b(k));
}

/** Finds the channels of a graph. The graph must be pruned: what nobody reads would count as a reader. */
export function channelsOf(graph: Graph): Channels {
  const walk = new Tracing(graph);
  const known = new Map<number, readonly number[]>();
  const parts = (c: number) => {
    const own = known.get(c) ?? walk.sets.parts(c);
    known.set(c, own);
    return own;
  };
  const obstacles = new Map<number, Obstacle>();
  for (const [axis, o] of [...walk.obstacles, [walk.sets.stuck, TWO_WAYS] as const])
    for (const c of axis) for (const part of parts(walk.sets.find(c))) if (!obstacles.has(part)) obstacles.set(part, o);
  const settled = new Set<Int32Array>();
  return {
    stored: walk.stored,
    arranged: walk.arranged,
    of(value, axis) {
      const a = walk.axes.get(value)?.[axis];
      if (!a || !isOpen(a)) return undefined;
      if (!settled.has(a)) for (let i = 0; i < a.length; i++) a[i] = walk.sets.find(a[i]);
      settled.add(a);
      return a;
    },
    closed(value, axis) {
      const a = walk.axes.get(value)?.[axis];
      return a && !isOpen(a) ? a : undefined;
    },
    parts,
    obstacle(channel) {
      const own = parts(channel).map((part) => obstacles.get(part));
      return own.includes(undefined) ? undefined : own[0];
    },
    flow: (node) => walk.flows.get(node) ?? NO_FLOW,
    ties: (node) => walk.ties.get(node) ?? NO_TIES,
  };
}

const NO_FLOW: Flow = { ties: [] };
const NO_TIES = new NodeTies([]);
