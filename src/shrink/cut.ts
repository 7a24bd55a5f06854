/** Cuts channels out of a graph: stored tensors are sliced, attributes follow, types are inferred anew. */
import { invariant } from "../error.ts";
import { inferNode } from "../graph/infer.ts";
import { newNames } from "../graph/new-names.ts";
import { heldBy, holding, nodes } from "../graph/nodes.ts";
import { axisOf } from "../graph/op.ts";
import { opSiteOf } from "../graph/op-site.ts";
import { opOf } from "../graph/ops/index.ts";
import { withSettledSizes } from "../graph/sizes.ts";
import { arrayOf, i64, numbers, size, tensor } from "../graph/tensor.ts";
import type { Data, Graph, Node, Tensor, Value } from "../graph/types.ts";
import { withoutUnread } from "../graph/walk.ts";
import { type Analysis, emptied } from "./analysis.ts";
import { joined } from "./joined.ts";
import { shrinkRuleOf } from "./rules/index.ts";
import type { CutRule, Masks } from "./rules/rule.ts";

/** The graph without some channels. Values that lose an index are new; names stay. */
export function cut(analysis: Analysis, remove: { has(channel: number): boolean }): Graph {
  const { graph, channels } = analysis;
  const gone = emptied(analysis, remove);
  const map = new Map<Value, Value>();
  const found = new Map<Int32Array, Uint8Array | undefined>();
  const maskOf = (classes: Int32Array | undefined): Uint8Array | undefined => {
    if (!classes) return undefined;
    if (!found.has(classes)) found.set(classes, maskFor(classes, remove));
    return found.get(classes);
  };
  const masks: ValueMasks = (v) => (v ? v.shape.map((_, axis) => maskOf(channels.of(v, axis))) : []);

  const initializers = new Map<Value, Tensor>();
  for (const [v, t] of graph.initializers) {
    if (gone.has(v)) continue;
    const small = channels.stored.has(v) ? cutTensor(t, masks(v)) : t;
    const w = small === t ? v : { ...v, shape: small.shape };
    map.set(v, w);
    initializers.set(w, small);
  }
  for (const v of graph.inputs) map.set(v, v);

  const name = newNames(graph);
  const smaller: Node[] = [];
  const added = new Set<Node>();
  for (const node of graph.nodes) {
    if (node.outputs.every((o) => !o || gone.has(o))) continue;
    const { node: small, before } = cutNode(analysis, node, map, gone, masks);
    if (before) smaller.push(before);
    const placed = small === node ? [node] : inPlaceOf(node, small, masks, name);
    smaller.push(...placed);
    if (placed.length > 1) for (const n of placed) added.add(n);
    keptOutputs(node, gone).forEach((o, i) => {
      if (o) map.set(o, placed.at(-1)!.outputs[i]!);
    });
  }
  const outputs = graph.outputs.map((o) => map.get(o)!);
  return withSettledSizes(withoutUnread({ ...graph, nodes: joined(smaller, added), initializers, outputs }));
}

/** For each axis of a value: 1 = the index stays; undefined = the axis loses nothing. */
type ValueMasks = (v: Value | null) => (Uint8Array | undefined)[];

/** What stands in the place of a node that lost indices. */
function inPlaceOf(node: Node, small: Node, masks: ValueMasks, name: (stem: string) => string): readonly Node[] {
  const masksOf: Masks = (side, at) => masks((side === "in" ? node.inputs : node.outputs)[at]);
  return shrinkRuleOf(node)?.cut.instead?.of(small, opSiteOf(node), masksOf, name) ?? [small];
}

/** Outputs that lose everything are left out where the operator can do without them. */
const keptOutputs = (node: Node, gone: ReadonlyMap<Value, number>) =>
  shrinkRuleOf(node)?.cut.without === "outputs" ? node.outputs.filter((o) => !gone.has(o!)) : node.outputs;

/** A node on the cut values; with a new Constant before it when its stored indices are renumbered. */
function cutNode(
  analysis: Analysis,
  node: Node,
  map: ReadonlyMap<Value, Value>,
  gone: ReadonlyMap<Value, number>,
  masks: ValueMasks,
): { node: Node; before?: Node } {
  const touched = [...node.inputs, ...node.outputs].some((v) => v && (gone.has(v) || masks(v).some((m) => m)));
  const held = heldBy(node);
  if (held && touched) return { node: holding(node, cutTensor(held, masks(node.outputs[0]))) };
  const present = node.inputs.filter((x) => !x || !gone.has(x));
  let inputs = present.map((x) => (x ? map.get(x)! : null));
  invariant(!inputs.includes(undefined as never), `${node.name} reads a value that was cut away`);
  if (!touched && inputs.every((x, i) => x === node.inputs[i])) return { node };
  const cut = shrinkRuleOf(node)?.cut ?? {};
  const masksOf: Masks = (side, at) => masks((side === "in" ? node.inputs : node.outputs)[at]);
  const attrs = cut.attrs?.(opSiteOf(node), masksOf) ?? node.attrs;
  const before = cut.indices === undefined ? undefined : cutIndices(analysis, node, cut.indices, masks);
  if (before) inputs = inputs.map((x, i) => (i === cut.indices?.at ? before.outputs[0] : x));
  const kept = keptOutputs(node, gone);
  const types = opOf(node.op, node.domain) ? inferNode(node.op, node.domain, node.name, inputs, attrs).outputs : kept;
  const outputs = kept.map((o, i) => o && { ...o, shape: types[i]!.shape });
  return { node: { ...node, inputs, attrs, outputs }, before };
}

/** The stored indices of a selection from a cut axis, renumbered. */
function cutIndices(
  analysis: Analysis,
  node: Node,
  { at, axis: axisIn }: NonNullable<CutRule["indices"]>,
  masks: ValueMasks,
): Node | undefined {
  const [x] = node.inputs;
  const axis = axisOf(axisIn(node.attrs), x!.shape.length);
  const source = masks(x)[axis];
  const known = analysis.channels.stored.get(node.inputs[at]!);
  if (!source || !known) return undefined; // indices that are given, whoever gives them numbers anew
  const rank = new Int32Array(source.length);
  for (let i = 1; i < rank.length; i++) rank[i] = rank[i - 1] + source[i - 1];
  const taken = numbers(known.tensor).map((i) => (i < 0 ? i + source.length : i));
  const value = i64(taken.filter((i) => source[i]).map((i) => rank[i]));
  return nodes.Constant(`${node.name}/indices`, [], { value });
}

function maskFor(classes: Int32Array, remove: { has(channel: number): boolean }): Uint8Array | undefined {
  if (!classes.some((c) => remove.has(c))) return undefined;
  return Uint8Array.from(classes, (c) => (remove.has(c) ? 0 : 1));
}

/** A tensor without the indices whose mask is 0. */
export function cutTensor(t: Tensor, masks: readonly (Uint8Array | undefined)[]): Tensor {
  return masks.reduce((whole, mask, axis) => (mask ? cutAxis(whole, axis, mask) : whole), t);
}

/** So many elements are copied at once. */
const LONG = 64;

function cutAxis(t: Tensor, axis: number, mask: Uint8Array): Tensor {
  const inner = size(t.shape.slice(axis + 1));
  const outer = size(t.shape.slice(0, axis));
  const n = mask.length;
  const keep = mask.reduce((k, m) => k + m, 0);
  const data = new (arrayOf(t.dtype) as new (n: number) => Data)(outer * keep * inner);
  const from = t.data as Float32Array;
  let to = 0;
  for (let o = 0; o < outer; o++)
    for (let i = 0; i < n; i++) {
      if (!mask[i]) continue;
      const start = (o * n + i) * inner;
      if (inner < LONG) for (let k = 0; k < inner; k++) data[to++] = from[start + k];
      else {
        data.set(from.subarray(start, start + inner) as never, to);
        to += inner;
      }
    }
  return tensor(t.dtype, [...t.shape.slice(0, axis), keep, ...t.shape.slice(axis + 1)], data);
}
