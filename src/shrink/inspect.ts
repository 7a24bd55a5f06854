/** What a model is made of and what could be removed from it, layer by layer. */

import { aModel, wants } from "../given.ts";
import { atBatch, axesOfInput } from "../graph/bind.ts";
import { macsOf } from "../graph/macs.ts";
import { untrained } from "../graph/precision.ts";
import { roles } from "../graph/roles.ts";
import { size } from "../graph/tensor.ts";
import type { Dim, DType, Model, Shape } from "../graph/types.ts";
import { type Obstacle, obstacleText } from "../groups/channels.ts";
import { marksOf } from "../onnx/marks.ts";
import { trainingNotes } from "../onnx/notes.ts";
import { type Sharing, sharingOf } from "../onnx/sharing.ts";
import { type Analysis, analyze } from "./analysis.ts";
import { dropColumns } from "./columns.ts";
import { lineAt } from "./constants.ts";
import { type Cost, costOf } from "./cost.ts";
import { plan } from "./plan.ts";

/** One use of a weight. */
export interface Layer {
  /** The node. */
  readonly name: string;
  readonly op: string;
  readonly weight: string;
  readonly shape: Shape;
  /** Weight and bias; 0 where a layer before uses the same weight. */
  readonly params: number;
  /** Of the whole node; 0 where another of its weights stands before. */
  readonly macs: number;
  /** Input channels that the weight reads: its `inputChannel` groups, and how many of them are exactly zero. */
  readonly groups: number;
  readonly zeroGroups: number;
  /** Output channels that it makes, and how many of them `shrink` removes in its first step. */
  readonly channels: number;
  readonly removable: number;
  /** Why the channels that it makes cannot all be removed, whatever their weights: the operator that prevents it. */
  readonly obstacles: readonly string[];
  /** Why channels that this weight does not read, or that it makes constant, stay nevertheless. */
  readonly kept: readonly string[];
}

/** An input or an output of a model. */
export interface ModelPort {
  readonly name: string;
  readonly dtype: DType;
  /** Numbers, and the names of sizes that are free ("?": it has none). */
  readonly shape: readonly Dim[];
}

/** All layers, and what the model costs. */
export interface Inspection extends Cost {
  readonly inputs: readonly ModelPort[];
  readonly outputs: readonly ModelPort[];
  readonly layers: readonly Layer[];
  /** Weights that training leaves as they are, since they are not float32. */
  readonly untrained: readonly { readonly weight: string; readonly dtype: DType; readonly shape: Shape }[];
  /** Stored tensors that are taken for constants, which training leaves as they are, and why. */
  readonly constants: readonly { readonly name: string; readonly shape: Shape; readonly why: string }[];
  /** What the file stores twice, or once for several layers. */
  readonly sharing: Sharing;
  /** What the file holds in training mode, and what it is read as. */
  readonly training: readonly string[];
}

/** Looks at every weight of a model. */
export function inspect(model: Model): Inspection {
  wants("inspect", ["model", aModel, model]);
  return inspected(model).inspection;
}

/** The same, and what it is of: a layer per use of a weight, in the order of `analysis.uses`. */
export function inspected(model: Model): { readonly inspection: Inspection; readonly analysis: Analysis } {
  const graph = atBatch(model, 1);
  const analysis = analyze(graph);
  const { channels, uses } = analysis;
  const remove = plan(analysis);
  const dropped = dropColumns(analysis)?.weights.map((d) => d.root);
  const seen = new Set<unknown>();
  const known = new Map<Int32Array, Pick<Layer, "removable" | "obstacles">>();
  /** Of the channels of an axis, which many weights may make. */
  const said = (classes: Int32Array) => {
    const found = known.get(classes) ?? {
      removable: classes.reduce((n, c) => n + (remove.has(c) ? 1 : 0), 0),
      obstacles: texts(Array.from(classes, (c) => channels.obstacle(c))),
    };
    known.set(classes, found);
    return found;
  };
  const layers = uses.map((use): Layer => {
    const { node, stored, data, made } = use;
    const zero = analysis.zeros.reads(use);
    const own = [stored.root, node.inputs[2]].filter((v) => v && !seen.has(v) && seen.add(v));
    const [x, y] = [node.inputs[data.at]!, node.outputs[made.at]!];
    const makes = channels.of(y, made.axis);
    const constants = analysis.constants.of(y, made.axis);
    const shut = channels.closed(x, data.axis);
    const dead = zero.includes(1);
    const unread = dead ? [...(channels.of(x, data.axis) ?? [])].filter((_, i) => zero[i]) : [];
    const constant = constants ? [...(makes ?? [])].filter((_, i) => !Number.isNaN(lineAt(constants, i))) : [];
    const stay = [...unread, ...constant].map((c) => remove.whyKept(c));
    const channelsMade = makes && said(makes);
    const layer = {
      name: node.name,
      op: node.op,
      weight: stored.root.name,
      shape: stored.root.shape,
      params: own.reduce((n, v) => n + size(v!.shape), 0),
      macs: seen.has(node) ? 0 : macsOf(node),
      groups: zero.length,
      zeroGroups: zero.reduce((n, z) => n + z, 0),
      channels: size(use.makes.map((a) => use.view[a])),
      removable: channelsMade?.removable ?? 0,
      obstacles: channelsMade?.obstacles ?? [],
      kept: texts([dead && !dropped?.includes(stored.root) ? shut : undefined, ...stay]),
    };
    seen.add(node);
    return layer;
  });
  const fixed = untrained(model.graph).map(({ name, dtype, shape }) => ({ weight: name, dtype, shape }));
  const constants = [...roles(model.graph, marksOf(model))].flatMap(([{ name, shape }, { learns, why }]) =>
    learns ? [] : [{ name, shape, why }],
  );
  const given = model.graph.inputs.filter((v) => !model.graph.initializers.has(v));
  const inspection = {
    inputs: given.map((v): ModelPort => ({ name: v.name, dtype: v.dtype, shape: axesOfInput(model, v) })),
    outputs: model.graph.outputs.map(
      (v): ModelPort => ({ name: v.name, dtype: v.dtype, shape: model.dims.get(v.name) ?? v.shape }),
    ),
    ...costOf(graph),
    layers,
    untrained: fixed,
    constants,
    sharing: sharingOf(model),
    training: trainingNotes(model),
  };
  return { inspection, analysis };
}

const texts = (obstacles: readonly (Obstacle | undefined)[]): string[] => [
  ...new Set([...new Set(obstacles)].filter((o) => o !== undefined).map(obstacleText)),
];
