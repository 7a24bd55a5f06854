/**
 * Coupled groups: all weights in the network that must be zero for one channel to be removable. A set = the channels
 * of tied axes; a group = one channel; members = the weights on the chosen side of it. Channels that cannot be removed
 * (network inputs and outputs, barriers) are in no group.
 */
import { opOf } from "../graph/ops/index.ts";
import { size } from "../graph/tensor.ts";
import type { Graph, Node, Tensor, Value } from "../graph/types.ts";
import { consumers } from "../graph/walk.ts";
import { sameEnd } from "./axes/rule.ts";
import { type Channels, channelsOf } from "./channels.ts";
import type { GroupSet, Member, Side } from "./group-set.ts";
import { chosenPart, type HeadUnit, multiplied } from "./heads.ts";
import { zeroChannels } from "./runs.ts";
import { UnionFind } from "./union-find.ts";
import { weightUses } from "./weights.ts";

/** An axis of a parameter whose indices are channels. */
export interface Slice {
  readonly param: Value;
  readonly axis: number;
  readonly classes: Int32Array;
}

/** The channels that have a coupled group on a side. */
export function coupledChannels(graph: Graph, side: Side, channels: Channels): Set<number> {
  const { slices, grouped } = groupedSlices(graph, side, channels, "head");
  return new Set(slices.flatMap((s) => [...s.classes].filter(grouped)));
}

/** The slices of a side, and which channels have a group there. */
export function groupedSlices(graph: Graph, side: Side, channels: Channels, unit: HeadUnit) {
  const part = chosenPart(graph, channels, unit);
  const pairs = unit === "index" ? queriesAndKeys(graph, channels, part) : NO_PAIRS;
  const found = side === "consumer" ? readers(graph, channels, pairs) : makers(graph, channels);
  const { slices, excluded } = byParts(channels, found, part);
  return { slices, part, grouped: (c: number) => !excluded.has(c) && !channels.obstacle(c) };
}

/** The coupled groups of a graph. @param unit what of an attention is a group */
export function coupledSets(
  graph: Graph,
  side: Side,
  channels: Channels = channelsOf(graph),
  unit: HeadUnit = "head",
): GroupSet[] {
  const { slices, part, grouped } = groupedSlices(graph, side, channels, unit);
  const names = firstMakers(graph, channels, part);
  return connected(slices).flatMap((part) => {
    const classes = [...new Set(part.flatMap((s) => [...s.classes]))].filter(grouped).sort((a, b) => a - b);
    if (classes.length === 0) return [];
    const group = new Map(classes.map((c, i) => [c, i]));
    const members = part.map((s) => memberOf(s, (c) => group.get(c) ?? -1, classes.length));
    const name = names.get(classes[0]) ?? part[0].param.name;
    return [{ name, count: classes.length, members, sizes: groupSizes(members, classes.length) }];
  });
}

/** Slices by one part of each class. Another part has no group: a slice has it that is in the group of the one. */
function byParts(
  channels: Channels,
  { slices, excluded }: { slices: readonly Slice[]; excluded: ReadonlySet<number> },
  part: (channel: number) => number,
) {
  const without = new Set([...excluded].flatMap((c) => channels.parts(c)));
  const known = new Map<Int32Array, Int32Array>();
  const found = slices.map((slice) => {
    const classes = known.get(slice.classes) ?? slice.classes.map(part);
    known.set(slice.classes, classes);
    return { ...slice, classes };
  });
  for (const whole of known.keys())
    for (const c of whole) for (const p of channels.parts(c)) if (p !== part(c)) without.add(p);
  return { slices: found, excluded: without };
}

/** What stands for readers where none is a weight: slices, and whether they do for a class. */
interface Pairs {
  readonly slices: readonly Slice[];
  readonly stand: (channel: number) => boolean;
}
const NO_PAIRS: Pairs = { slices: [], stand: () => false };

/** What makes queries and keys. No weight reads them: each is read by the other. @param part what stands for a class */
function queriesAndKeys(graph: Graph, channels: Channels, part: (channel: number) => number): Pairs {
  const { slices, excluded } = makers(graph, channels);
  const own = new Set(multiplied(graph, channels).flatMap(({ classes, by }) => (by ? [] : [...classes].map(part))));
  const without = new Set([...excluded].map(part));
  const stand = (c: number) => own.has(part(c)) && !without.has(part(c)) && !channels.obstacle(part(c));
  return { slices: slices.filter(({ classes }) => classes.some(stand)), stand };
}

/**
 * Every (weight, axis) that reads channels. A channel is excluded when something untrainable reads it as well, or a product of two
 * computed values for which nothing stands.
 */
function readers(graph: Graph, channels: Channels, pairs: Pairs) {
  const slices = new Map(pairs.slices.map((slice) => [slice.param, slice]));
  const { excluded, exclude } = exclusion();
  for (const { node, data, at, carried, stored, readAxis } of weightUses(graph, channels.stored)) {
    if (carried) continue;
    const { ties } = channels.flow(node);
    const end = ties.find((t) => sameEnd(t.b, data) && t.a.side === "in" && t.a.at === at)!.a;
    const axis = readAxis ?? stored.perm[end.axis];
    const classes = channels.of(stored.root, axis);
    if (!classes) continue;
    const taken = slices.get(stored.root);
    if (taken ? taken.axis !== axis : !trainable(graph, stored.root)) exclude(classes);
    else slices.set(stored.root, { param: stored.root, axis, classes });
  }
  for (const classes of summed(graph, channels)) exclude(classes);
  for (const { classes, by } of multiplied(graph, channels)) {
    const root = by && trainable(graph, by.root) ? by.root : undefined;
    const taken = root && slices.get(root);
    if (root && (!taken || taken.axis === by!.axis)) slices.set(root, { param: root, axis: by!.axis, classes });
    else for (const c of classes) if (!pairs.stand(c)) excluded.add(c);
  }
  return { slices: [...slices.values()], excluded };
}

/** The axes that are added up: whoever reads them, only what makes them can make them zero. */
const summed = (graph: Graph, channels: Channels): Int32Array[] =>
  graph.nodes.flatMap((node) =>
    (channels.flow(node).sums ?? []).flatMap(({ at, axis }) => channels.of(node.inputs[at]!, axis) ?? []),
  );

/**
 * Every (parameter, axis) that makes channels: filters, biases, norm scales and shifts. Running statistics do not. A channel is
 * excluded when something untrainable makes it as well, unless a trainable norm stands right behind, which alone can make it zero.
 */
function makers(graph: Graph, channels: Channels) {
  const slices = new Map<Value, Slice>();
  const { excluded, exclude } = exclusion();
  const readers = consumers(graph);
  const outputs = new Set(graph.outputs);
  const known = new Map<Value, boolean>();
  /** Whether all that reads a value scales it by a trainable norm. */
  const normed = (v: Value) => {
    const found =
      known.get(v) ??
      (!outputs.has(v) &&
        (readers.get(v) ?? []).every((node) => node.inputs[0] === v && isTrainableNorm(graph, channels, node)));
    known.set(v, found);
    return found;
  };
  const learned = learnedValues(graph);
  for (const node of graph.nodes) {
    if (channels.stored.has(node.outputs[0]!)) continue; // it only turns a weight
    const { ties, factors = [], gates = [], sums = [] } = channels.flow(node);
    if (!gates.every((at) => learned.has(node.inputs[at]!)))
      for (const { at, axis } of sums) exclude(channels.of(node.inputs[at]!, axis) ?? NOTHING);
    const statistics = opOf(node.op, node.domain)?.statistics ?? [];
    for (const { a, b } of ties) {
      const from = a.side === "in" && b.side === "out" && channels.stored.get(node.inputs[a.at]!);
      if (!from || statistics.includes(a.at)) continue;
      // columns that nodes keep while they arrange rows are read behind them, not made
      if (channels.arranged.has(node.outputs[b.at]!) && a.axis === node.inputs[a.at]!.shape.length - 1) continue;
      const axis = from.perm[a.axis];
      const classes = channels.of(from.root, axis);
      const taken = slices.get(from.root);
      if (!classes || from.root.shape[axis] === 1 || classes.every((c) => channels.obstacle(c))) continue;
      if (!trainable(graph, from.root)) {
        const made = node.outputs[b.at]!;
        const counts = isFloat(from.root) && !channels.stored.has(made) && !factors.includes(a.at);
        if (counts && !isZero(from.tensor) && !normed(made)) exclude(classes);
      } else if (taken && taken.axis !== axis) exclude(classes);
      else slices.set(from.root, { param: from.root, axis, classes });
    }
  }
  return { slices: [...slices.values()], excluded };
}

/** Channels that are in no group, whole axes at a time; one that many nodes share is gone through once. */
function exclusion() {
  const excluded = new Set<number>();
  const whole = new Set<Int32Array>();
  const exclude = (classes: Int32Array) => {
    if (whole.has(classes)) return;
    whole.add(classes);
    for (const c of classes) excluded.add(c);
  };
  return { excluded, exclude };
}

const NOTHING = new Int32Array(0);

/** Values that are made of trainable tensors alone. */
function learnedValues(graph: Graph): Set<Value> {
  const found = new Set([...graph.initializers.keys()].filter((v) => trainable(graph, v)));
  for (const { inputs, outputs } of graph.nodes)
    if (inputs.length > 0 && inputs.every((v) => !v || found.has(v))) for (const o of outputs) if (o) found.add(o);
  return found;
}

const trainable = (graph: Graph, v: Value) => graph.initializers.has(v) && v.dtype === "float32";
/** What is zero everywhere makes nothing that is not. */
const isZero = ({ data }: Tensor) => zeroChannels(data, [data.length], [])[0] === 1;
const isFloat = ({ dtype }: Value) => dtype.includes("float");

/** Whether zeros in a node's trainable scale and shift make its output zero. */
const isTrainableNorm = (graph: Graph, channels: Channels, node: Node) =>
  channels.flow(node).affine?.every((at) => trainable(graph, node.inputs[at]!)) ?? false;

/** Slices that share a channel, or whose channels share an axis of some value, together. In the order of the slices. */
export function connected<S extends Slice>(slices: readonly S[]): S[][] {
  const sets = new UnionFind();
  const ids = sets.fresh(slices.length);
  const owner = new Map<number, number>();
  slices.forEach((s, i) => {
    for (const c of s.classes) {
      if (owner.has(c)) sets.union(ids[i], owner.get(c)!);
      else owner.set(c, ids[i]);
    }
  });
  const parts = new Map<number, S[]>();
  slices.forEach((s, i) => {
    const root = sets.find(ids[i]);
    const part = parts.get(root);
    if (part) part.push(s);
    else parts.set(root, [s]);
  });
  return [...parts.values()];
}

/** Names of the first weight that makes each channel. */
export function firstMakers(graph: Graph, channels: Channels, part: (channel: number) => number): Map<number, string> {
  const names = new Map<number, string>();
  const named = new Set<Int32Array>();
  for (const { node, made, stored } of weightUses(graph, channels.stored)) {
    const classes = channels.of(node.outputs[made.at]!, made.axis);
    if (!classes || named.has(classes)) continue;
    named.add(classes);
    for (const c of classes) if (!names.has(part(c))) names.set(part(c), stored.root.name);
  }
  return names;
}

/** A slice as a member. The axis is split where its groups come in equal blocks (flatten → dense). */
export function memberOf({ param, axis, classes }: Slice, groupOf: (channel: number) => number, count: number): Member {
  const n = classes.length;
  const inner = blockLength(classes);
  const period = inner > 1 ? n : periodLength(classes);
  const split = inner > 1 ? [n / inner, inner] : period < n ? [n / period, period] : [n];
  const view = [...param.shape.slice(0, axis), ...split, ...param.shape.slice(axis + 1)];
  const at = inner === 1 && period < n ? axis + 1 : axis;
  const own = Int32Array.from({ length: view[at] }, (_, i) => groupOf(classes[inner > 1 ? i * inner : i]));
  const identity = own.length === count && own.every((g, i) => g === i);
  return { param, view, axes: [at], channels: identity ? null : own };
}

/** The largest b such that the classes come in blocks of b equal ones. */
function blockLength(classes: Int32Array): number {
  let b = 1;
  while (b < classes.length && classes[b] === classes[0]) b++;
  const regular = classes.length % b === 0 && classes.every((c, i) => c === classes[i - (i % b)]);
  return regular ? b : 1;
}

/** The smallest p such that the classes repeat with period p. */
function periodLength(classes: Int32Array): number {
  const p = classes.indexOf(classes[0], 1);
  return p > 0 && classes.length % p === 0 && classes.every((c, i) => c === classes[i % p]) ? p : classes.length;
}

function groupSizes(members: readonly Member[], count: number): Float64Array {
  const sizes = new Float64Array(count);
  for (const { param, view, axes, channels } of members) {
    const n = axes.reduce((k, a) => k * view[a], 1);
    const each = size(param.shape) / n;
    for (let i = 0; i < n; i++) {
      const g = channels ? channels[i] : i;
      if (g >= 0) sizes[g] += each;
    }
  }
  return sizes;
}
