/**
 * Which channels can go. A channel goes when nothing prevents it and every weight that reads it either is zero there
 * or reads a constant that moves exactly into the bias.
 */

import type { Node } from "../graph/types.ts";
import { consumers } from "../graph/walk.ts";
import type { Obstacle } from "../groups/channels.ts";
import type { Reason } from "../proof/certificate.ts";
import { type Analysis, values } from "./analysis.ts";
import { lineAt } from "./constants.ts";
import { folds } from "./rules/index.ts";
import { keepOneOfEach } from "./vanishing.ts";

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
  const unlike = new Unlike();
  for (const use of analysis.uses) {
    const { node, data } = use;
    const x = node.inputs[data.at]!;
    const classes = channels.of(x, data.axis);
    if (!classes || use.carried) continue;
    const constants = analysis.constants.of(x, data.axis);
    const zeros = analysis.zeros.reads(use);
    if (!constants && !unlike.differ(classes, zeros)) continue; // another weight like this one read it before
    zeros.forEach((zero, i) => {
      const [c, constant] = [classes[i], constants ? lineAt(constants, i) : Number.NaN];
      if (zero) return;
      if (Number.isNaN(constant)) keep(c, { op: node.op, name: node.name, why: "reads it" });
      else if (!folds(node, constant)) keep(c, unfoldable(node, constant));
      else if (remove.has(c) && constant !== 0) remove.set(c, "folded constant");
      else if (remove.get(c) === "unread") remove.set(c, "zero");
    });
  }
  keepWhatAddsUp(analysis, remove, keep);
  keepOneOfEach(analysis, remove, (c, { name }) => keep(c, { op: "", name, why: "it is the last channel of" }));
  sayConstant(analysis, remove);
  return { remove, kept };
}

/** Of what is added up only zeros can go. */
function keepWhatAddsUp(
  { graph, channels, constants }: Analysis,
  remove: Map<number, Reason>,
  keep: (c: number, obstacle: Obstacle) => void,
): void {
  for (const node of graph.nodes) {
    const { sums = [], why = "adds it up" } = channels.flow(node);
    for (const { at, axis } of sums) {
      const line = constants.of(node.inputs[at]!, axis);
      channels.of(node.inputs[at]!, axis)?.forEach((c, i) => {
        if (!line || lineAt(line, i) !== 0) keep(c, { op: node.op, name: node.name, why });
        else if (remove.get(c) === "unread") remove.set(c, "zero");
      });
    }
  }
}

/**
 * A tensor with several uses belongs to a channel in more than one place, and one of them may carry a constant where another, behind
 * it, carries zero (a bias that is also the mean of the normalization behind): its reason is the stronger one.
 */
function sayConstant({ graph, channels, constants }: Analysis, remove: Map<number, Reason>): void {
  const readers = consumers(graph);
  const zero = new Set<number>();
  for (const [v, { root }] of channels.stored)
    if (v === root && (readers.get(v)?.length ?? 0) > 1)
      v.shape.forEach((_, axis) => {
        for (const c of channels.of(v, axis) ?? []) if (remove.get(c) === "zero") zero.add(c);
      });
  if (zero.size === 0) return;
  for (const v of graph.nodes.flatMap((n) => n.outputs))
    v?.shape.forEach((_, axis) => {
      const line = constants.of(v, axis);
      if (!line) return;
      channels.of(v, axis)?.forEach((c, i) => {
        const constant = lineAt(line, i);
        if (zero.has(c) && constant !== 0 && !Number.isNaN(constant)) remove.set(c, "folded constant");
      });
    });
}

const unfoldable = ({ op, name }: Node, constant: number): Obstacle => ({
  op,
  name,
  why: `reads the constant ${Number(constant.toPrecision(4))} beside zero padding, which no bias can replace`,
});

/** Pairs of arrays that were seen before, so that what is the same is looked at once. */
class Unlike {
  private readonly seen = new Map<Int32Array, Set<Uint8Array>>();

  /** False when this pair was asked about before. */
  differ(a: Int32Array, b: Uint8Array): boolean {
    const known = this.seen.get(a) ?? new Set();
    if (known.has(b)) return false;
    this.seen.set(a, known.add(b));
    return true;
  }
}

function allClasses(analysis: Analysis): Set<number> {
  const found = new Set<number>();
  const seen = new Set<Int32Array>();
  for (const v of values(analysis))
    v.shape.forEach((_, axis) => {
      const classes = analysis.channels.of(v, axis);
      if (!classes || seen.has(classes)) return;
      seen.add(classes);
      for (const c of classes) found.add(c);
    });
  return found;
}
