/**
 * Which channels can go. A channel goes when nothing prevents it and every weight that reads it either is zero there
 * or reads a constant that moves exactly into the bias; of two computed values that are multiplied, one has to be zero.
 */

import type { Node } from "../graph/types.ts";
import { consumers } from "../graph/walk.ts";
import type { Obstacle } from "../groups/channels.ts";
import { type Analysis, values } from "./analysis.ts";
import { lineAt } from "./constants.ts";
import { Removed } from "./removed.ts";
import { keepMultiples } from "./rounded.ts";
import { folds } from "./rules/index.ts";
import { keepOneOfEach } from "./vanishing.ts";
import { keepWhatCosts } from "./worth.ts";

/** @param roundTo what widths that lose channels stay multiples of */
export function plan(analysis: Analysis, roundTo = 1): Removed {
  const { channels } = analysis;
  const removed = new Removed(channels);
  for (const c of allClasses(analysis)) {
    const obstacle = channels.obstacle(c);
    if (obstacle) removed.keep(c, obstacle);
    else removed.add(c, "unread");
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
      if (Number.isNaN(constant)) removed.keep(c, { op: node.op, name: node.name, why: "reads it" });
      else if (!folds(node, constant)) removed.keep(c, unfoldable(node, constant));
      else removed.say(c, constant === 0 ? "zero" : "folded constant");
    });
  }
  keepMultiplied(analysis, removed);
  keepWhatAddsUp(analysis, removed);
  keepWhatCosts(analysis, removed);
  keepOneOfEach(analysis, removed, (c, { name }) =>
    removed.keep(c, { op: "", name, why: "it is the last channel of" }),
  );
  keepMultiples(analysis, removed, roundTo);
  sayConstant(analysis, removed);
  return removed;
}

/** What two computed values are multiplied over stays unless one of them is zero there. */
function keepMultiplied({ graph, channels, constants }: Analysis, removed: Removed): void {
  for (const node of graph.nodes) {
    const { contracted } = channels.flow(node);
    if (!contracted) continue;
    const ends = contracted.map(({ at, axis }) => [node.inputs[at]!, axis] as const);
    const classes = channels.of(...ends[0]);
    const lines = ends.flatMap(([v, axis]) => constants.of(v, axis) ?? []);
    classes?.forEach((c, i) => {
      if (lines.some((line) => lineAt(line, i) === 0)) removed.say(c, "zero");
      else removed.keep(c, { op: node.op, name: node.name, why: "multiplies it by another computed value" });
    });
  }
}

/** Of what is added up only zeros can go. */
function keepWhatAddsUp({ graph, channels, constants }: Analysis, removed: Removed): void {
  for (const node of graph.nodes) {
    const { sums = [], why = "adds it up" } = channels.flow(node);
    for (const { at, axis } of sums) {
      const line = constants.of(node.inputs[at]!, axis);
      channels.of(node.inputs[at]!, axis)?.forEach((c, i) => {
        if (line && lineAt(line, i) === 0) removed.say(c, "zero");
        else removed.keep(c, { op: node.op, name: node.name, why });
      });
    }
  }
}

/**
 * A tensor with several uses belongs to a channel in more than one place, and one of them may carry a constant where another, behind
 * it, carries zero (a bias that is also the mean of the normalization behind): its reason is the stronger one.
 */
function sayConstant({ graph, channels, constants }: Analysis, removed: Removed): void {
  const readers = consumers(graph);
  const zero = new Set<number>();
  for (const [v, { root }] of channels.stored)
    if (v === root && (readers.get(v)?.length ?? 0) > 1)
      v.shape.forEach((_, axis) => {
        for (const c of channels.of(v, axis) ?? [])
          for (const p of channels.parts(c)) if (removed.get(p) === "zero") zero.add(p);
      });
  if (zero.size === 0) return;
  for (const v of graph.nodes.flatMap((n) => n.outputs))
    v?.shape.forEach((_, axis) => {
      const line = constants.of(v, axis);
      if (!line) return;
      channels.of(v, axis)?.forEach((c, i) => {
        const constant = lineAt(line, i);
        if (constant === 0 || Number.isNaN(constant)) return;
        for (const p of channels.parts(c)) if (zero.has(p)) removed.say(p, "folded constant");
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

/** Every class that has no parts. */
function allClasses(analysis: Analysis): Set<number> {
  const found = new Set<number>();
  const seen = new Set<Int32Array>();
  for (const v of values(analysis))
    v.shape.forEach((_, axis) => {
      const classes = analysis.channels.of(v, axis);
      if (!classes || seen.has(classes)) return;
      seen.add(classes);
      for (const c of classes) for (const p of analysis.channels.parts(c)) found.add(p);
    });
  return found;
}
