/**
 * A model's function of its own parameters, computed without channels that nothing reads. The parameters stay as they are, all of
 * them: what the network needs is taken out of them at the head of each pass, and gradients come back as zeros where nothing was.
 * So whatever else works on them (slots, groups and their norms, metrics, files) does not know of it.
 */
import { newNames } from "../graph/new-names.ts";
import { nodes } from "../graph/nodes.ts";
import { i64, size, tensor } from "../graph/tensor.ts";
import type { Graph, Node, Shape, Tensor, Value } from "../graph/types.ts";
import { eachRun } from "../groups/runs.ts";
import { rootView } from "../groups/weights.ts";
import type { Analysis } from "../shrink/analysis.ts";
import { cut } from "../shrink/cut.ts";
import { structureOf } from "../shrink/unread.ts";
import { parameters } from "../step/parameters.ts";
import { drawsMask } from "../step/training-forms.ts";
import type { PartialMask } from "./dropout-mask.ts";

/** What a graph is without some of its channels. */
export interface Thin {
  /** With the same parameters; its running statistics are those of the channels that are left. */
  readonly graph: Graph;
  /** By parameter, in a shape that broadcasts to its own: 0 where a weight reads a channel that left, and stays zero; else 1. */
  readonly pinned: ReadonlyMap<string, Tensor>;
  /** By running statistic: which channels are left, and what the whole one was. */
  readonly running: ReadonlyMap<string, { readonly left: readonly number[]; readonly whole: Tensor }>;
  /** Where dropout draws, by the name of what it makes: as for the whole network. */
  readonly masks: ReadonlyMap<string, PartialMask>;
  /** Elements of the parameters that are computed with. */
  readonly params: number;
}

/** @param gone channels by their numbers in `structureOf(whole)`, of those that nothing reads */
export function thin(whole: Graph, gone: ReadonlySet<number>): Thin {
  const structure = structureOf(whole);
  const { channels } = structure;
  const remove = { has: (c: number) => channels.parts(c).some((part) => gone.has(part)) };
  const leftOn = (v: Value, axis: number): readonly number[] | undefined => {
    const classes = channels.stored.has(v) ? channels.of(v, axis) : undefined;
    if (!classes?.some(remove.has)) return undefined;
    return [...classes.keys()].filter((i) => !remove.has(classes[i]));
  };
  const small = cut(structure, remove);
  const smaller = new Map([...small.initializers].map(([v, t]) => [v.name, { v, t }]));
  const { trained, running } = parameters(whole);
  const statistics = new Set(running);
  const name = newNames(whole);
  const initializers = new Map<Value, Tensor>();
  const taken: Node[] = [];
  const standsFor = new Map<Value, Value>();
  const left = new Map<string, Thin["running"] extends ReadonlyMap<string, infer R> ? R : never>();
  for (const [v, t] of whole.initializers) {
    const now = smaller.get(v.name);
    if (statistics.has(v)) {
      if (now) initializers.set(now.v, now.t);
      if (now?.v !== v)
        left.set(v.name, { left: now ? (leftOn(v, 0) ?? [...Array(v.shape[0]).keys()]) : [], whole: t });
      continue;
    }
    initializers.set(v, t); // one that nothing reads any more is trained on as it would be: by gradients of zero
    if (!now || now.v === v) continue;
    let part = v;
    v.shape.forEach((_, axis) => {
      const indices = leftOn(v, axis);
      if (!indices) return;
      const at: Value = { name: name(`${v.name}/left`), dtype: "int64", shape: [indices.length] };
      initializers.set(at, i64([...indices]));
      const take = nodes.Gather(name(`${v.name}/taken`), [part, at], { axis });
      taken.push(take);
      part = take.outputs[0]!;
    });
    standsFor.set(now.v, part);
  }
  const rest = small.nodes.map((node): Node => {
    const inputs = node.inputs.map((x) => (x && standsFor.get(x)) ?? x);
    return inputs.some((x, i) => x !== node.inputs[i]) ? { ...node, inputs } : node;
  });
  const params = trained.reduce((n, v) => n + size(smaller.get(v.name)?.v.shape ?? [0]), 0);
  const graph = { ...small, initializers, nodes: [...taken, ...rest] };
  return {
    graph,
    pinned: pinnedBy(structure, remove),
    running: left,
    masks: masksOf(whole, structure, remove),
    params,
  };
}

/** Masks are drawn one after the other, whether what is left needs them or not. */
function masksOf(
  whole: Graph,
  { channels }: Analysis,
  remove: { has(c: number): boolean },
): ReadonlyMap<string, PartialMask> {
  const drawn = whole.nodes.filter(drawsMask).map(({ outputs: [out] }) => out!);
  return new Map(
    drawn.map((v, place) => {
      const left = v.shape.map((_, axis) => {
        const classes = channels.of(v, axis);
        return classes?.some(remove.has) ? Uint8Array.from(classes, (c) => (remove.has(c) ? 0 : 1)) : undefined;
      });
      return [v.name, { place, left }];
    }),
  );
}

/** Where the weights that read what left have to stay zero. */
function pinnedBy({ graph, channels, uses }: Analysis, remove: { has(c: number): boolean }): Map<string, Tensor> {
  const masks = new Map<Value, Float32Array>();
  for (const { node, data, stored, view, reads, carried } of uses) {
    const classes = channels.of(node.inputs[data.at]!, data.axis);
    const { root } = stored;
    if (carried || !classes?.some(remove.has) || !graph.initializers.has(root)) continue;
    const slices = rootView(stored, view, reads)!; // or the channel stays
    const mask = masks.get(root) ?? new Float32Array(size(root.shape)).fill(1);
    eachRun(slices.view, slices.axes, [], (i, _, start, end) => {
      if (remove.has(classes[i])) mask.fill(0, start, end);
    });
    masks.set(root, mask);
  }
  return new Map([...masks].map(([{ name, shape }, mask]) => [name, narrowed(mask, shape)]));
}

/** A mask with every axis along which it does not change made 1. */
function narrowed(mask: Float32Array, shape: Shape): Tensor {
  return shape.reduce<Tensor>(
    (t, d, axis) => {
      const inner = size(t.shape.slice(axis + 1));
      const data = t.data as Float32Array;
      const first = (at: number) => data[Math.floor(at / (d * inner)) * d * inner + (at % inner)];
      if (!data.every((x, at) => x === first(at))) return t;
      const one = data.filter((_, at) => Math.floor(at / inner) % d === 0);
      return tensor("float32", t.shape.with(axis, 1), one);
    },
    tensor("float32", shape, mask),
  );
}

/** Tensors by name with the running statistics of all channels: of those that left, as they were before the run. */
export function whole(thinned: Thin | undefined, tensors: ReadonlyMap<string, Tensor>): Map<string, Tensor> {
  const out = new Map(tensors);
  for (const [name, { left, whole: before }] of thinned?.running ?? []) {
    const data = (before.data as Float32Array).slice();
    const now = tensors.get(name);
    if (now) left.forEach((channel, i) => void (data[channel] = Number(now.data[i])));
    out.set(name, { ...before, data });
  }
  return out;
}

/** Tensors by name with the running statistics of those channels alone that are left. */
export function thinned(by: Thin | undefined, tensors: ReadonlyMap<string, Tensor>): Map<string, Tensor> {
  const out = new Map(tensors);
  for (const [name, { left }] of by?.running ?? []) {
    const t = tensors.get(name);
    if (t)
      out.set(
        name,
        tensor(
          "float32",
          [left.length],
          Float32Array.from(left, (channel) => Number(t.data[channel])),
        ),
      );
  }
  return out;
}
