/**
 * Which channels are provably constant: the same number at every position and for every input. One walk in topological
 * order along the ties of the grouping rules.
 */

import { Allowance, storedElements } from "../graph/allowance.ts";
import { opSiteOf } from "../graph/op-site.ts";
import { factorsOf } from "../graph/products.ts";
import { isFloat, size } from "../graph/tensor.ts";
import type { Graph, Node, Value } from "../graph/types.ts";
import type { Tie } from "../groups/axes/rule.ts";
import type { Channels } from "../groups/channels.ts";
import { eachRun } from "../groups/runs.ts";
import type { WeightUse } from "../groups/weights.ts";
import { folds, shrinkRuleOf, weightedOf } from "./rules/index.ts";
import type { ZeroSlices } from "./zero-slices.ts";

/** Numbers along an axis: one for each index, or a single one that stands at all of them. NaN = none is known. */
export type Line = Float64Array;

/** The number at an index. */
export const lineAt = (line: Line, i: number): number => line[line.length === 1 ? 0 : i];

export interface Constants {
  /** The numbers that the channels along an axis hold everywhere; undefined when nothing is known of any. */
  of(value: Value, axis: number): Line | undefined;
}

/** How many numbers, beside those that a file stores, are worked out one by one; what goes beyond is taken as not known. */
const MOST_NUMBERS = 2 ** 20;
/** Of more operands than this, nothing is worked out. */
const MOST_OPERANDS = 256;

const UNKNOWN: Line = Float64Array.of(Number.NaN);

/** Of two computed factors: sums of products are known where one factor is zero. */
const productOf = (a: number, b: number): number => (a === 0 || b === 0 ? 0 : Number.NaN);

/** @param uses the weights of the graph */
export function constantsOf(
  graph: Graph,
  channels: Channels,
  uses: readonly WeightUse[],
  zeros: ZeroSlices,
): Constants {
  const allowance = new Allowance(MOST_NUMBERS + 8 * storedElements(graph));
  const walk = new Propagation(
    channels,
    new Map(uses.filter((u) => weightedOf(u.node)).map((u) => [u.node, u])),
    zeros,
    allowance,
  );
  for (const node of graph.nodes) walk.visit(node);
  return walk;
}

class Propagation implements Constants {
  private readonly known = new Map<Value, (Line | undefined)[]>();
  private readonly everywhere = new Map<Value, number>();
  private readonly channels: Channels;
  private readonly uses: ReadonlyMap<Node, WeightUse>;
  private readonly zeros: ZeroSlices;
  private readonly allowance: Allowance;

  constructor(channels: Channels, uses: ReadonlyMap<Node, WeightUse>, zeros: ZeroSlices, allowance: Allowance) {
    this.channels = channels;
    this.uses = uses;
    this.zeros = zeros;
    this.allowance = allowance;
  }

  of(value: Value, axis: number): Line | undefined {
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
        return shortened(out.every((x) => Number.isFinite(x)) ? out : out.map(finite));
      });
      this.known.set(y, axes);
    });
  }

  /** The numbers on which all ties that reach an axis of n indices agree. Of merged axes, any that knows. */
  private meet(node: Node, ties: readonly Tie[], n: number): Line {
    const of = ({ a }: Tie) => this.of(node.inputs[a.at]!, a.axis);
    if (ties.length === 1 && !ties[0].pairs) return of(ties[0]) ?? UNKNOWN;
    if (ties.every((t) => !of(t))) return UNKNOWN;
    const cost = ties.reduce((k, t) => k + (t.pairs?.count ?? n), n);
    if (!this.allowance.take(cost)) return UNKNOWN;
    const together = [ties.filter((t) => !t.merged), ...ties.filter((t) => t.merged).map((t) => [t])];
    const lines = together.flatMap((some) => (some.length && some.some(of) ? [agreedOn(some, of, n)] : []));
    return lines.length === 1 ? lines[0] : Float64Array.from({ length: n }, (_, j) => anyOf(lines, j));
  }

  /** Constants along an axis of an operator without weights. */
  private along(node: Node, at: number, axis: number): Line | undefined {
    const y = node.outputs[at]!;
    const fold = shrinkRuleOf(node)?.fold;
    if (!fold || !isFloat(y.dtype)) return undefined;
    const tied = this.channels.ties(node).reaching(at, axis);
    if ("each" in fold) return this.eachIndex(node, fold.each(node.attrs), tied, y.shape[axis]);
    if ("weight" in fold) return fold.weight.product ? this.eachIndex(node, productOf, tied, y.shape[axis]) : undefined;
    if (!("along" in fold)) return undefined;
    const data = fold.from ? tied.filter(({ a }) => fold.from!.includes(a.at)) : tied;
    if (data.length === 0) return undefined;
    const f = fold.along(opSiteOf(node));
    const line = this.meet(node, data, y.shape[axis]);
    return line.length === 1 || this.allowance.take(line.length) ? line.map((x) => f(x)) : undefined;
  }

  /** What an operator makes of the numbers that its inputs bring to each of n indices. */
  private eachIndex(node: Node, f: (...x: number[]) => number, tied: readonly Tie[], n: number): Line | undefined {
    if (node.inputs.length > MOST_OPERANDS) return undefined;
    const lines = node.inputs.map((x, k) => {
      const own = tied.filter((t) => t.a.at === k);
      return own.length ? this.meet(node, own, n) : Float64Array.of(this.uniform(x!));
    });
    const length = lines.every((line) => line.length === 1) ? Math.min(1, n) : n;
    if (length > 1 && !this.allowance.take(length * lines.length)) return undefined;
    const out = new Float64Array(length);
    for (let j = 0; j < length; j++) out[j] = f(...lines.map((line) => lineAt(line, j)));
    return out;
  }

  /** Constants that a weight makes: the bias, plus what constant channels add where all others meet zero weights. */
  private weighted(node: Node, use: WeightUse): Line | undefined {
    const factors = factorsOf(node);
    const out = new Float64Array(size(use.makes.map((a) => use.view[a])));
    if (node.inputs[2]) {
      const tied = this.channels.ties(node).reaching(use.made.at, use.made.axis);
      const own = tied.filter((t) => t.a.at === 2);
      const bias = own.length ? this.meet(node, own, out.length) : Float64Array.of(this.uniform(node.inputs[2]));
      for (let o = 0; o < out.length; o++) out[o] = factors.bias * lineAt(bias, o);
    }
    const x = this.of(node.inputs[use.data.at]!, use.data.axis);
    const data = this.zeros.data(use);
    if (!data || !this.allowance.take(x ? data.length : out.length)) return undefined;
    if (!x) {
      const zero = this.zeros.makes(use);
      return out.map((b, o) => (zero[o] ? b : Number.NaN));
    }
    eachRun(use.view, use.reads, use.makes, (c, o, start, end) => {
      if (Number.isNaN(out[o])) return;
      const constant = lineAt(x, c);
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
  private uniform(value: Value): number {
    const stored = this.channels.stored.get(value);
    if (!stored) {
      const [all] = (this.known.get(value) ?? []).flatMap((line) => (line?.length === 1 ? [line[0]] : []));
      return all ?? Number.NaN;
    }
    const known = this.everywhere.get(stored.root);
    if (known !== undefined) return known;
    const { data } = stored.tensor;
    const first = data.length ? Number(data[0]) : Number.NaN;
    let alike = true;
    for (let i = 1; alike && i < data.length; i++) alike = Number(data[i]) === first;
    this.everywhere.set(stored.root, alike ? first : Number.NaN);
    return alike ? first : Number.NaN;
  }

  private storedSlices(value: Value, axis: number): Line {
    const { tensor, perm, root } = this.channels.stored.get(value)!;
    if (value !== root) return this.of(root, perm[axis])!;
    if (!this.allowance.take(tensor.data.length + value.shape[axis])) return UNKNOWN;
    const out = new Float64Array(value.shape[axis]).fill(Number.NaN);
    const { data } = tensor;
    const [n, inner] = [out.length, size(tensor.shape.slice(axis + 1))];
    for (let c = 0; c < n && c * inner < data.length; c++) out[c] = Number(data[c * inner]);
    for (let at = 0; at < data.length; )
      for (let c = 0; c < n; c++, at += inner)
        for (let i = at; !Number.isNaN(out[c]) && i < at + inner; i++)
          if (Number(data[i]) !== out[c]) out[c] = Number.NaN;
    return shortened(out);
  }
}

/** The numbers on which ties agree. */
function agreedOn(ties: readonly Tie[], of: (t: Tie) => Line | undefined, n: number): Line {
  const out = new Float64Array(n).fill(Number.NaN);
  const seen = new Uint8Array(n);
  for (const t of ties) {
    const { pairs } = t;
    const from = of(t);
    for (let k = 0; k < (pairs ? pairs.count : n); k++) {
      const j = pairs ? pairs.b(k) : k;
      const c = from ? lineAt(from, pairs ? pairs.a(k) : k) : Number.NaN;
      out[j] = seen[j] && out[j] !== c ? Number.NaN : c;
      seen[j] = 1;
    }
  }
  return out;
}

/** The number at an index that one of some lines knows. */
const anyOf = (lines: readonly Line[], j: number): number =>
  lines.map((line) => line[j]).find((c) => !Number.isNaN(c)) ?? Number.NaN;

const finite = (x: number): number => (Number.isFinite(x) ? x : Number.NaN);

/** A single number where all are the same. */
function shortened(line: Line): Line {
  const [first] = line;
  return line.length > 1 && line.every((x) => x === first) ? line.slice(0, 1) : line;
}
