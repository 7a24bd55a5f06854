/**
 * Which channels are provably constant: the same number at every position and for every input. One walk in topological
 * order along the ties of the grouping rules.
 */

import { opSiteOf } from "../graph/op-site.ts";
import { factorsOf } from "../graph/products.ts";
import { isFloat, size } from "../graph/tensor.ts";
import type { Graph, Node, Value } from "../graph/types.ts";
import { outputEnd, sameEnd, type Tie } from "../groups/axes/rule.ts";
import type { Channels } from "../groups/channels.ts";
import { eachRun } from "../groups/runs.ts";
import type { WeightUse } from "../groups/weights.ts";
import { folds, shrinkRuleOf } from "./rules/index.ts";

export interface Constants {
  /** Per index of an axis: the number that the channel holds everywhere, NaN when none is known. */
  of(value: Value, axis: number): Float64Array | undefined;
}

/** @param uses the weights of the graph */
export function constantsOf(graph: Graph, channels: Channels, uses: readonly WeightUse[]): Constants {
  const walk = new Propagation(channels, new Map(uses.map((u) => [u.node, u])));
  for (const node of graph.nodes) walk.visit(node);
  return walk;
}

class Propagation implements Constants {
  private readonly known = new Map<Value, (Float64Array | undefined)[]>();
  private readonly channels: Channels;
  private readonly uses: ReadonlyMap<Node, WeightUse>;

  constructor(channels: Channels, uses: ReadonlyMap<Node, WeightUse>) {
    this.channels = channels;
    this.uses = uses;
  }

  of(value: Value, axis: number): Float64Array | undefined {
    const axes = this.known.get(value) ?? [];
    if (!this.known.has(value)) this.known.set(value, axes);
    if (this.channels.stored.has(value)) axes[axis] ??= this.storedSlices(value, axis);
    return axes[axis];
  }

  visit(node: Node): void {
    if (this.channels.stored.has(node.outputs[0]!)) return;
    const use = this.uses.get(node);
    node.outputs.forEach((y, at) => {
      if (!y) return;
      const axes = y.shape.map((_, axis) => {
        const made = use?.made.at === at && use.made.axis === axis;
        const out = made ? this.weighted(node, use) : use ? undefined : this.along(node, at, axis);
        if (!out?.some((x) => Number.isFinite(x))) return undefined;
        return out.map((x) => (Number.isFinite(x) ? x : Number.NaN));
      });
      this.known.set(y, axes);
    });
  }

  /** What an input's channels bring to each index of an output axis; the input's one number where it broadcasts. */
  private input(node: Node, k: number, at: number, axis: number): Float64Array {
    const tied = this.tiesTo(node, at, axis).filter((t) => t.a.at === k);
    const n = node.outputs[at]!.shape[axis];
    return tied.length ? this.meet(node, tied, n) : new Float64Array(n).fill(this.uniform(node.inputs[k]!));
  }

  private tiesTo(node: Node, at: number, axis: number): Tie[] {
    return this.channels.flow(node).ties.filter((t) => t.a.side === "in" && sameEnd(t.b, outputEnd(axis, at)));
  }

  /** The number on which all ties that reach an index agree. Of merged axes, any that knows. */
  private meet(node: Node, ties: readonly Tie[], n: number): Float64Array {
    const out = new Float64Array(n).fill(Number.NaN);
    const seen = new Uint8Array(n);
    for (const { a, pairs, merged } of ties) {
      const from = this.of(node.inputs[a.at]!, a.axis);
      if (merged && !from) continue;
      for (let k = 0; k < (pairs ? pairs.a.length : n); k++) {
        const [i, j] = pairs ? [pairs.a[k], pairs.b[k]] : [k, k];
        const c = from ? from[i] : Number.NaN;
        out[j] = seen[j] && out[j] !== c ? Number.NaN : c;
        seen[j] = 1;
      }
      if (merged && out.some((c) => !Number.isNaN(c))) return out;
      if (merged) seen.fill(0);
    }
    return out;
  }

  /** Constants along an axis of an operator without weights. */
  private along(node: Node, at: number, axis: number): Float64Array | undefined {
    const y = node.outputs[at]!;
    const fold = shrinkRuleOf(node)?.fold;
    if (!fold || !isFloat(y.dtype)) return undefined;
    if ("each" in fold) {
      const f = fold.each(node.attrs);
      const xs = node.inputs.map((_, k) => this.input(node, k, at, axis));
      return xs[0].map((_, j) => f(...xs.map((x) => x[j])));
    }
    const tied = this.tiesTo(node, at, axis);
    if (!("along" in fold) || tied.length === 0) return undefined;
    const f = fold.along(opSiteOf(node));
    return this.meet(node, tied, y.shape[axis]).map((x) => f(x));
  }

  /** Constants that a weight makes: the bias, plus what constant channels add where all others meet zero weights. */
  private weighted(node: Node, use: WeightUse): Float64Array {
    const factors = factorsOf(node);
    const out = new Float64Array(size(use.makes.map((a) => use.view[a])));
    if (node.inputs[2]) {
      const bias = this.input(node, 2, use.made.at, use.made.axis);
      bias.forEach((b, o) => {
        out[o] = factors.bias * b;
      });
    }
    const x = this.of(node.inputs[use.data.at]!, use.data.axis);
    const data = weightData(use);
    if (!data) return out.fill(Number.NaN);
    eachRun(use.view, use.reads, use.makes, (c, o, start, end) => {
      if (Number.isNaN(out[o])) return;
      const constant = x ? x[c] : Number.NaN;
      let sum = 0;
      let zero = true;
      for (let i = start; i < end; i++) {
        sum += data[i];
        if (data[i] !== 0) zero = false;
      }
      if (!zero) out[o] = folds(node, constant) ? out[o] + factors.product * constant * sum : Number.NaN;
    });
    return out;
  }

  /** The number that a value holds everywhere, or NaN. */
  uniform(value: Value): number {
    const stored = this.channels.stored.get(value);
    if (stored) {
      const { data } = stored.tensor;
      const first = Number(data[0]);
      for (let i = 1; i < data.length; i++) if (Number(data[i]) !== first) return Number.NaN;
      return data.length ? first : Number.NaN;
    }
    for (const axis of this.known.get(value) ?? [])
      if (axis && axis.length > 0 && axis.every((c) => c === axis[0])) return axis[0];
    return Number.NaN;
  }

  private storedSlices(value: Value, axis: number): Float64Array {
    const { tensor, perm } = this.channels.stored.get(value)!;
    const out = new Float64Array(value.shape[axis]).fill(Number.NaN);
    const seen = new Uint8Array(out.length);
    eachRun(tensor.shape, [perm[axis]], [], (c, _, start, end) => {
      for (let i = start; i < end; i++) {
        const x = Number(tensor.data[i]);
        out[c] = seen[c] && out[c] !== x ? Number.NaN : x;
        seen[c] = 1;
      }
    });
    return out;
  }
}

/** The elements of a weight in the order of its view; undefined unless they are float32. */
export function weightData({ stored: { tensor, perm }, view, at, node }: WeightUse): ArrayLike<number> | undefined {
  if (tensor.dtype !== "float32") return undefined;
  const data = tensor.data as Float32Array;
  if (perm.every((p, i) => p === i)) return data;
  if (perm.length !== 2 || view.length !== 2) return undefined;
  const [rows, columns] = node.inputs[at]!.shape;
  return Float32Array.from({ length: data.length }, (_, i) => data[(i % columns) * rows + Math.floor(i / columns)]);
}
