/**
 * The channels of a network: indices of axes of values (stored tensors included) that can only be removed together.
 * A walk in topological order gives every axis its indices' classes, following the ties of the operators' rules; an
 * axis that carries no channels (batch, space, whatever an unknown operator makes) is closed, with the reason.
 */
import { heldBy } from "../graph/nodes.ts";
import type { Graph, Node, Value } from "../graph/types.ts";
import { flowOf } from "./axes/index.ts";
import { type End, type Flow, inputEnd, sameEnd, type Tie } from "./axes/rule.ts";
import { type Stored, storedValues } from "./stored.ts";
import { UnionFind } from "./union-find.ts";
import { tensorOf } from "./weights.ts";

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
  /** The class of each index of an axis; undefined when the axis is closed. */
  of(value: Value, axis: number): Int32Array | undefined;
  /** Why an axis is closed. */
  closed(value: Value, axis: number): Obstacle | undefined;
  /** Why a class cannot be removed; undefined when nothing prevents it. */
  obstacle(channel: number): Obstacle | undefined;
  /** What a node's rule said. */
  flow(node: Node): Flow;
}

type Axis = Int32Array | Obstacle;
const isOpen = (a: Axis): a is Int32Array => a instanceof Int32Array;

class Tracing {
  readonly sets = new UnionFind();
  readonly axes = new Map<Value, Axis[]>();
  readonly obstacles: [number, Obstacle][] = [];
  readonly flows = new Map<Node, Flow>();
  readonly stored: Map<Value, Stored>;

  constructor(graph: Graph) {
    this.stored = storedValues(graph);
    for (const v of graph.inputs)
      this.axes.set(
        v,
        v.shape.map(() => ({ op: "", name: v.name, why: "it is the network's input" })),
      );
    for (const [v, { root }] of this.stored)
      if (v === root)
        this.axes.set(
          v,
          v.shape.map((d) => this.sets.fresh(d)),
        );
    for (const node of graph.nodes) if (!heldBy(node)) this.visit(node);
    for (const v of graph.outputs) this.blockAll(v, { op: "", name: v.name, why: "it reaches the network's output" });
    for (const axes of this.axes.values())
      for (const a of axes)
        if (isOpen(a) && a.length === 1) this.block(a, { op: "", name: "", why: "it is the only channel" });
  }

  block(channels: Iterable<number>, obstacle: Obstacle): void {
    for (const c of channels) this.obstacles.push([c, obstacle]);
  }

  private blockAll(v: Value, obstacle: Obstacle): void {
    for (const a of this.axes.get(v) ?? []) if (isOpen(a)) this.block(a, obstacle);
  }

  private visit(node: Node): void {
    const flow = flowOf(node, (i) => tensorOf(node.inputs[i], this.stored));
    this.flows.set(node, flow);
    const mixed: Obstacle = { op: node.op, name: node.name, why: flow.why ?? "mixes this axis" };
    node.outputs.forEach((o, at) => {
      if (!o) return;
      const outer = (axis: number) => this.outputAxis(node, flow.ties, { side: "out", at, axis }, o.shape[axis], mixed);
      this.axes.set(
        o,
        o.shape.map((_, axis) => outer(axis)),
      );
    });
    for (const t of flow.ties) if (t.a.side === t.b.side) this.join(node, t);
    node.inputs.forEach((x, at) => {
      this.axes.get(x!)?.forEach((a, axis) => {
        const named = flow.ties.some((t) => sameEnd(t.a, inputEnd(at, axis)) || sameEnd(t.b, inputEnd(at, axis)));
        if (!named && isOpen(a)) this.block(a, mixed);
      });
    });
  }

  /** Classes of an output axis: those of the input axes it is tied to, united. */
  private outputAxis(node: Node, ties: readonly Tie[], end: End, n: number, mixed: Obstacle): Axis {
    const sources = ties.filter((t) => t.a.side === "in" && sameEnd(t.b, end));
    const open = sources.filter((t) => isOpen(this.axis(node, t.a)));
    const shut = sources.filter((t) => !open.includes(t) && !t.merged);
    if (open.length === 0) {
      const from = sources[0] && this.axis(node, sources[0].a);
      return from && !isOpen(from) ? from : mixed;
    }
    for (const t of open.splice(open[0].merged ? 1 : open.length))
      this.block(this.axis(node, t.a) as Int32Array, mixed);
    const out = new Int32Array(n).fill(-1);
    for (const { a, pairs } of open) {
      const from = this.axis(node, a) as Int32Array;
      eachPair(pairs, n, (i, j) => {
        if (out[j] < 0) out[j] = from[i];
        else this.sets.union(out[j], from[i]);
      });
    }
    for (const { a, pairs } of shut) {
      const obstacle = this.axis(node, a) as Obstacle;
      eachPair(pairs, n, (_, j) => {
        if (out[j] < 0) out[j] = this.sets.fresh(1)[0];
        this.block([out[j]], obstacle);
      });
    }
    for (let j = 0; j < n; j++)
      if (out[j] < 0) {
        out[j] = this.sets.fresh(1)[0];
        this.block([out[j]], mixed);
      }
    return out;
  }

  /** Two inputs' axes, or two outputs'. */
  private join(node: Node, { a, b, pairs }: Tie): void {
    const [p, q] = [this.axis(node, a), this.axis(node, b)];
    if (isOpen(p) && isOpen(q)) eachPair(pairs, p.length, (i, j) => this.sets.union(p[i], q[j]));
    else if (isOpen(p)) this.block(p, q as Obstacle);
    else if (isOpen(q)) this.block(q, p);
  }

  private axis(node: Node, { side, at, axis }: End): Axis {
    const value = (side === "in" ? node.inputs : node.outputs)[at]!;
    return this.axes.get(value)![axis];
  }
}

function eachPair(pairs: Tie["pairs"], n: number, visit: (i: number, j: number) => void): void {
  if (!pairs) for (let i = 0; i < n; i++) visit(i, i);
  else for (let k = 0; k < pairs.a.length; k++) visit(pairs.a[k], pairs.b[k]);
}

/** Finds the channels of a graph. The graph must be pruned: what nobody reads would count as a reader. */
export function channelsOf(graph: Graph): Channels {
  const walk = new Tracing(graph);
  const classes = new Map<Int32Array, Int32Array>();
  const obstacles = new Map<number, Obstacle>();
  for (const [c, o] of walk.obstacles) {
    const root = walk.sets.find(c);
    if (!obstacles.has(root)) obstacles.set(root, o);
  }
  return {
    stored: walk.stored,
    of(value, axis) {
      const a = walk.axes.get(value)?.[axis];
      if (!a || !isOpen(a)) return undefined;
      const known = classes.get(a) ?? a.map((c) => walk.sets.find(c));
      classes.set(a, known);
      return known;
    },
    closed(value, axis) {
      const a = walk.axes.get(value)?.[axis];
      return a && !isOpen(a) ? a : undefined;
    },
    obstacle: (channel) => obstacles.get(channel),
    flow: (node) => walk.flows.get(node) ?? { ties: [] },
  };
}
