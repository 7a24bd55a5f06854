/**
 * A model with some channels set to zero: all that reads them and all that makes them. Where the mean of what a channel carried is
 * known, it goes into what reads it — E[x_c]·Σ w into the bias, or out of the running mean of the batch normalization behind — so that
 * on average the network computes what it did. At the border of a zero-padded convolution that is an approximation.
 */
import { opOf } from "../../graph/ops/index.ts";
import { tensor } from "../../graph/tensor.ts";
import type { Graph, Model, Node, Tensor, Value } from "../../graph/types.ts";
import { consumers } from "../../graph/walk.ts";
import type { Member } from "../../groups/group-set.ts";
import type { PrunableSet } from "../../groups/prunable.ts";
import { eachRun } from "../../groups/runs.ts";
import { rootView, type WeightUse } from "../../groups/weights.ts";
import type { Analysis } from "../../shrink/analysis.ts";
import { foldConstants, shiftOf } from "../../shrink/bias.ts";
import { Removed } from "../../shrink/removed.ts";

/** What is read at an axis of a value, index by index: its means over samples and places. Undefined where it was not measured. */
export type MeansOf = (value: Value, axis: number) => Float64Array | undefined;

/** @param gone of each set, which of its channels */
export function withoutChannels(
  model: Model,
  analysis: Analysis,
  gone: ReadonlyMap<PrunableSet, readonly number[]>,
  means?: MeansOf,
): Model {
  const removed = new Removed(analysis.channels);
  for (const [{ channels }, own] of gone) for (const at of own) removed.add(channels[at], "unread");
  const graph = means ? compensated(analysis, removed, means) : analysis.graph;
  const initializers = new Map(graph.initializers);
  for (const [set, own] of gone) {
    const which = new Set(own);
    for (const member of [...set.readers, ...set.makers])
      initializers.set(member.param, withoutGroups(initializers.get(member.param)!, member, which));
  }
  return { ...model, graph: { ...graph, initializers } };
}

function withoutGroups(t: Tensor, { view, axes, channels }: Member, gone: ReadonlySet<number>): Tensor {
  const data = (t.data as Float32Array).slice();
  eachRun(view, axes, [], (i, _, start, end) => {
    if (gone.has(channels ? channels[i] : i)) data.fill(0, start, end);
  });
  return tensor(t.dtype, t.shape, data);
}

/** With the means of what goes where they were read. */
function compensated(analysis: Analysis, removed: Removed, means: MeansOf): Graph {
  const { graph, channels } = analysis;
  const uses = analysis.uses.filter(
    (use) =>
      !use.carried && rootView(use.stored, use.view, use.reads) && means(use.node.inputs[use.data.at]!, use.data.axis),
  );
  const readers = consumers(graph);
  const runningMean = (use: WeightUse) => meanBehind(graph, readers, use.node);
  const constants = { of: means };
  const folded = foldConstants({ ...analysis, uses: uses.filter((u) => !runningMean(u)), constants }, removed);
  const initializers = new Map(folded.initializers);
  for (const use of uses) {
    const mean = runningMean(use);
    const x = use.node.inputs[use.data.at]!;
    const classes = channels.of(x, use.data.axis);
    if (!mean || !classes) continue;
    const shift = shiftOf(
      analysis,
      use,
      means(x, use.data.axis)!,
      classes.map((c) => (removed.has(c) ? 1 : 0)),
    );
    const { dtype, shape, data } = initializers.get(mean)!;
    initializers.set(
      mean,
      tensor(
        dtype,
        shape,
        (data as Float32Array).map((m, i) => m - shift[i]),
      ),
    );
  }
  return { ...folded, initializers: withoutDead(analysis, folded, initializers, removed) };
}

/** The running mean of a normalization that alone reads a node, where nothing else reads that mean. */
function meanBehind(graph: Graph, readers: ReadonlyMap<Value, readonly Node[]>, node: Node): Value | undefined {
  const [next, ...others] = readers.get(node.outputs[0]!) ?? [];
  if (!next || others.length > 0 || graph.outputs.includes(node.outputs[0]!)) return undefined;
  const [at] = opOf(next.op, next.domain)?.statistics ?? [];
  const mean = at === undefined ? undefined : next.inputs[at];
  return mean && graph.initializers.get(mean)?.dtype === "float32" && readers.get(mean)?.length === 1
    ? mean
    : undefined;
}

/** New biases are zero where the channel that they would be added to goes too. */
function withoutDead(
  { graph, channels, uses }: Analysis,
  folded: Graph,
  initializers: Map<Value, Tensor>,
  removed: Removed,
): Map<Value, Tensor> {
  const makers = new Map(uses.map((use) => [use.node.name, use]));
  for (const node of folded.nodes)
    for (const v of node.inputs) {
      const t = v && !graph.initializers.has(v) && initializers.get(v);
      const use = makers.get(node.name.replace(/\/bias$/, ""));
      const made = use && channels.of(use.node.outputs[use.made.at]!, use.made.axis);
      if (!t || made?.length !== t.data.length) continue;
      const data = (t.data as Float32Array).map((b, i) => (removed.has(made[i]) ? 0 : b));
      initializers.set(v, tensor(t.dtype, t.shape, data));
    }
  return initializers;
}
