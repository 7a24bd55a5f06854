/** Moves constant channels into biases: what a weight makes of them is added up in float64, and the weight set to zero. */

import { newNames } from "../graph/new-names.ts";
import { heldBy, holding, nodes } from "../graph/nodes.ts";
import { factorsOf, withBias } from "../graph/products.ts";
import { f32, size, tensor } from "../graph/tensor.ts";
import type { Graph, Node, Tensor, Value } from "../graph/types.ts";
import { consumers } from "../graph/walk.ts";
import { sameEnd } from "../groups/axes/rule.ts";
import { eachRun } from "../groups/runs.ts";
import { rootView, type WeightUse } from "../groups/weights.ts";
import type { Analysis } from "./analysis.ts";
import { type Line, lineAt } from "./constants.ts";
import type { Removed } from "./removed.ts";
import { shrinkRuleOf } from "./rules/index.ts";

/**
 * The graph with every constant that the plan folds moved; its channels are then unread.
 * @param analysis whose `constants` know every channel that goes
 */
export function foldConstants(analysis: Analysis, remove: Pick<Removed, "has">): Graph {
  const edit = new Edit(analysis.graph);
  for (const use of analysis.uses) {
    const x = use.node.inputs[use.data.at]!;
    const classes = analysis.channels.of(x, use.data.axis);
    if (!classes || use.carried || !classes.some((c) => remove.has(c))) continue;
    const zero = analysis.zeros.reads(use);
    const gone = classes.map((c, i) => (remove.has(c) && !zero[i] ? 1 : 0));
    if (!gone.includes(1)) continue;
    const shift = shiftOf(analysis, use, analysis.constants.of(x, use.data.axis)!, gone);
    if (shift.some((d) => d !== 0)) edit.addTo(analysis, use, shift);
    edit.clear(use, gone);
  }
  return edit.graph();
}

/** What the removed constant channels add to each channel that a weight makes. */
export function shiftOf(
  { zeros }: Pick<Analysis, "zeros">,
  use: WeightUse,
  constants: Line,
  gone: Int32Array,
): Float64Array {
  const shift = new Float64Array(size(use.makes.map((a) => use.view[a])));
  const data = zeros.data(use);
  if (!data) return shift;
  const { product } = factorsOf(use.node);
  eachRun(use.view, use.reads, use.makes, (c, o, start, end) => {
    const constant = lineAt(constants, c);
    if (!gone[c] || constant === 0) return;
    let sum = 0;
    for (let i = start; i < end; i++) sum += data[i];
    if (sum !== 0) shift[o] += product * constant * sum;
  });
  return shift;
}

/** A graph being edited: stored tensors replaced, biases added. Values stay, so that analyses of it still hold. */
class Edit {
  private readonly source: Graph;
  private readonly initializers: Map<Value, Tensor>;
  private readonly readers: ReadonlyMap<Value, readonly Node[]>;
  private readonly nodes: Map<Node, Node[]>;
  private readonly constants = new Map<Value, Tensor>();
  /** Weights that this edit has made a copy of. */
  private readonly cleared = new Set<Value>();
  private readonly name: (stem: string) => string;

  constructor(graph: Graph) {
    this.source = graph;
    this.initializers = new Map(graph.initializers);
    this.name = newNames(graph);
    this.readers = consumers(graph);
    this.nodes = new Map(graph.nodes.map((n) => [n, [n]]));
  }

  graph(): Graph {
    const nodes = [...this.nodes.values()].flat().map((n) => {
      const value = heldBy(n) && this.constants.get(n.outputs[0]!);
      return value ? { ...holding(n, value), outputs: n.outputs } : n;
    });
    return { ...this.source, initializers: this.initializers, nodes };
  }

  /** Adds a vector to the channels that a weight makes: to its own bias, in the Add behind it, or by a new one. */
  addTo({ channels, graph }: Analysis, { node, made, stored }: WeightUse, shift: Float64Array): void {
    const y = node.outputs[0]!;
    const beta = factorsOf(node).bias;
    const tieOf = (n: Node, at: number, axis?: number) =>
      channels
        .flow(n)
        .ties.find((t) => t.a.side === "in" && t.a.at === at && (axis === undefined || t.a.axis === axis));
    const own = node.inputs[2];
    const ownTie = own && tieOf(node, 2);
    if (ownTie && sameEnd(ownTie.b, made) && beta !== 0 && this.shiftVector(own, shift, 1 / beta)) return;
    const attrs = withBias(node);
    if (!own && attrs && made.axis === 1) {
      const bias = this.store(biasName(stored.root.name), shift, [shift.length]);
      this.nodes.set(node, [{ ...node, inputs: [node.inputs[0], node.inputs[1], bias], attrs }]);
      return;
    }
    const next = this.readers.get(y) ?? [];
    if (next.length === 1 && adds(next[0]) && !graph.outputs.includes(y)) {
      const at = next[0].inputs.indexOf(y);
      const [here, there] = [tieOf(next[0], at, made.axis), tieOf(next[0], 1 - at)];
      const other = next[0].inputs[1 - at]!;
      if (here && there && sameEnd(here.b, there.b) && this.shiftVector(other, shift, 1)) return;
    }
    const inner = { ...y, name: this.name(`${y.name}/folded`) };
    const shape = y.shape.slice(made.axis).map((_, i) => (i === 0 ? shift.length : 1));
    const bias = this.store(`${y.name}/bias`, shift, shape);
    this.nodes.set(node, [{ ...node, outputs: [inner] }, nodes.Add(`${node.name}/bias`, [inner, bias], {}, y)]);
  }

  /** Adds to a stored vector that has one reader; false when it is something else. */
  private shiftVector(v: Value, shift: Float64Array, scale: number): boolean {
    const t = this.initializers.get(v);
    if (!t || this.readers.get(v)!.length !== 1 || t.dtype !== "float32" || t.data.length !== shift.length)
      return false;
    const data = Float32Array.from(t.data as Float32Array, (b, i) => b + scale * shift[i]);
    this.initializers.set(v, tensor(t.dtype, t.shape, data));
    return true;
  }

  private store(name: string, data: Float64Array, shape: readonly number[]): Value {
    const v: Value = { name: this.name(name), dtype: "float32", shape };
    this.initializers.set(v, f32(data, shape));
    return v;
  }

  /** Sets the slices of a weight that read some channels to zero. */
  clear({ stored, view, reads }: WeightUse, gone: Int32Array): void {
    const { root } = stored;
    const slices = rootView(stored, view, reads)!;
    const table = this.initializers.has(root) ? this.initializers : this.constants;
    const now = table.get(root) ?? stored.tensor;
    const own = this.cleared.has(root) ? now : tensor("float32", now.shape, (now.data as Float32Array).slice());
    eachRun(slices.view, slices.axes, [], (c, _, start, end) => {
      if (gone[c]) (own.data as Float32Array).fill(0, start, end);
    });
    this.cleared.add(root);
    table.set(root, own);
  }
}

/** Whether a node is the sum of its two inputs. */
function adds(node: Node): boolean {
  const fold = shrinkRuleOf(node)?.fold;
  return fold !== undefined && "operand" in fold && fold.operand?.adds === true;
}

const biasName = (weight: string) => (weight.endsWith("weight") ? `${weight.slice(0, -6)}bias` : `${weight}.bias`);
