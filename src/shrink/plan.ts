/**
 * Which channels can go. A channel goes when nothing prevents it and every weight that reads it either is zero there
 * or reads a constant that moves exactly into the bias.
 */

import { size } from "../graph/tensor.ts";
import type { Graph, Node, Value } from "../graph/types.ts";
import { consumers, prune } from "../graph/walk.ts";
import { type Channels, channelsOf, type Obstacle } from "../groups/channels.ts";
import { zeroChannels } from "../groups/runs.ts";
import { type WeightUse, weightUses } from "../groups/weights.ts";
import type { Reason } from "../proof/certificate.ts";
import { type Constants, constantsOf, weightData } from "./constants.ts";
import { folds, shrinkRuleOf } from "./rules/index.ts";

export interface Analysis {
  /** Pruned. */
  readonly graph: Graph;
  readonly channels: Channels;
  readonly uses: readonly WeightUse[];
  readonly constants: Constants;
}

export function analyze(whole: Graph): Analysis {
  const graph = prune(whole);
  const channels = channelsOf(graph);
  const uses = weightUses(graph, channels.stored);
  return { graph, channels, uses, constants: constantsOf(graph, channels, uses) };
}

export interface Removals {
  /** The channels to remove, by class. */
  readonly remove: ReadonlyMap<number, Reason>;
  /** Why each other channel stays: what prevents its removal, or the first weight that reads it. */
  readonly kept: ReadonlyMap<number, Obstacle>;
}

export function plan(analysis: Analysis): Removals {
  const { channels } = analysis;
  const remove = new Map<number, Reason>();
  const kept = new Map<number, Obstacle>();
  const keep = (c: number, obstacle: Obstacle) => {
    remove.delete(c);
    if (!kept.has(c)) kept.set(c, obstacle);
  };
  for (const c of allClasses(analysis)) {
    const obstacle = channels.obstacle(c);
    if (obstacle) keep(c, obstacle);
    else remove.set(c, "unread");
  }
  for (const use of analysis.uses) {
    const { node, data } = use;
    const x = node.inputs[data.at]!;
    const classes = channels.of(x, data.axis);
    if (!classes || use.carried) continue;
    const constants = analysis.constants.of(x, data.axis);
    zeroReads(use).forEach((zero, i) => {
      const [c, constant] = [classes[i], constants ? constants[i] : Number.NaN];
      if (zero) return;
      if (Number.isNaN(constant)) keep(c, { op: node.op, name: node.name, why: "reads it" });
      else if (!folds(node, constant)) keep(c, unfoldable(node, constant));
      else if (remove.has(c) && constant !== 0) remove.set(c, "folded constant");
      else if (remove.get(c) === "unread") remove.set(c, "zero");
    });
  }
  keepOneOfEach(analysis, remove, keep);
  return { remove, kept };
}

const unfoldable = ({ op, name }: Node, constant: number): Obstacle => ({
  op,
  name,
  why: `reads the constant ${Number(constant.toPrecision(4))} beside zero padding, which no bias can replace`,
});

/** One byte per channel read: 1 = the weight is exactly zero there. All 0 when the weight's elements are not plain. */
export function zeroReads(use: WeightUse): Uint8Array {
  const data = weightData(use);
  return data ? zeroChannels(data, use.view, use.reads) : new Uint8Array(size(use.reads.map((a) => use.view[a])));
}

/** Every value of a graph, stored ones included. */
function values({ graph, channels }: Analysis): Value[] {
  return [...new Set([...graph.inputs, ...channels.stored.keys(), ...graph.nodes.flatMap((n) => n.outputs)])].filter(
    (v) => v !== null,
  );
}

function allClasses(analysis: Analysis): Set<number> {
  const found = new Set<number>();
  for (const v of values(analysis))
    v.shape.forEach((_, axis) => {
      for (const c of analysis.channels.of(v, axis) ?? []) found.add(c);
    });
  return found;
}

/**
 * The values that lose every index of an axis: they vanish.
 * @param remove the classes to remove
 */
export function emptied(analysis: Analysis, remove: { has(channel: number): boolean }): Map<Value, number> {
  const empty = new Map<Value, number>();
  for (const v of values(analysis))
    v.shape.forEach((_, axis) => {
      const classes = analysis.channels.of(v, axis);
      if (classes?.length && classes.every((c) => remove.has(c))) empty.set(v, axis);
    });
  return empty;
}

/**
 * No tensor may become empty, except where everything that reads it vanishes too or can do without it:
 * elsewhere one channel stays.
 */
function keepOneOfEach(
  analysis: Analysis,
  remove: ReadonlyMap<number, Reason>,
  keep: (channel: number, obstacle: Obstacle) => void,
): void {
  const readers = consumers(analysis.graph);
  for (;;) {
    const empty = emptied(analysis, remove);
    const vanishes = new Map<Value, boolean>();
    const canVanish = (v: Value): boolean => {
      if (!vanishes.has(v))
        vanishes.set(
          v,
          (readers.get(v) ?? []).every((n) => withoutInput(n)),
        );
      return vanishes.get(v)!;
    };
    const withoutInput = (n: Node): boolean =>
      n.outputs.every((o) => !o || (empty.has(o) ? canVanish(o) : shrinkRuleOf(n)?.cut.without === "inputs"));
    const stuck = [...empty].find(([v]) => !canVanish(v));
    if (!stuck) return;
    const [value, axis] = stuck;
    const first = analysis.channels.of(value, axis)![0];
    keep(first, { op: "", name: value.name, why: "it is the last channel of" });
  }
}
