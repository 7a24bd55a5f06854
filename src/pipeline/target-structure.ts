/**
 * A size that a run is steered to. While it is penalized λ follows the structure: the share that is kept is to fall from 1 to the
 * target evenly on a logarithmic scale; after each epoch log λ moves by the gap between log(kept) and what is scheduled, at most by
 * log 2 at once, and stays within 10⁻⁴ … 30 times what it was. Then the smallest channels go, one by one, until the target is met
 * (`prune`'s ranking by magnitude, what is zero first), and the rest of the run trains what stays: no penalty, the optimizer begun
 * anew, what went held at zero. Where training made more zero than was wanted, the channels that weighed most at the start come back
 * with the weights that they had then, so that the target is met exactly, within one channel.
 */
import { checkShare } from "../checks.ts";
import { UsageError } from "../error.ts";
import { anObject, wants } from "../given.ts";
import { tensor } from "../graph/tensor.ts";
import type { Model, Tensor, Value } from "../graph/types.ts";
import type { HeadUnit } from "../groups/heads.ts";
import type { PrunableSet } from "../groups/prunable.ts";
import { eachRun } from "../groups/runs.ts";
import { type Analysis, analyze } from "../shrink/analysis.ts";
import { reduce } from "../shrink/apply.ts";
import type { Selection } from "../train/freeze.ts";
import type { Steering, StructureCut } from "../train/steering.ts";
import { fewestGone, measured, type PruneMeasure, pruneMeasures } from "./prune/prune.ts";
import { prunable, type Ranking } from "./prune/rank.ts";
import { goneAlready, groupMagnitudes } from "./prune/scores.ts";
import { withoutChannels } from "./prune/zeroed.ts";

/** Options of `structureTarget`. */
export interface StructureTargetOptions {
  /** The share that is kept, in (0, 1). */
  readonly keep: number;
  /** Of what. Default `params`. */
  readonly of?: PruneMeasure;
  /**
   * The part of the run's epochs after which the structure is cut and stands, in (0, 1]. Default 0.6; 0.2 for weights from a file: they
   * say already which channels count, and what was cut needs the epochs that are left.
   */
  readonly until?: number;
  /** The share of its channels that every layer keeps at least. Default: a quarter of `keep`. */
  readonly least?: number;
  /** What of an attention is a channel: whole heads (`coupled`, default) or an index of every head. */
  readonly groups?: "coupled" | "headWidth";
}

/** The part of a run's epochs in which it is penalized, by where its weights are from. */
const UNTIL = { drawn: 0.6, trained: 0.2 };
/** λ acts over epochs, so it is moved gently: what it does not come to in time the cut does. */
const MOST_AT_ONCE = Math.log(2);
/** Beyond so much of the given λ a net is emptied rather than thinned. */
const STRONGEST = 30;
const WEAKEST = 1e-4;

/**
 * Steers a run to a share of a model's parameters, multiply–accumulates or bytes: the `target` of `train`. It wants a penalty with a λ
 * that a proximal step in the graph takes, and an optimizer that goes on from given weights.
 * ```ts
 * const run = train(model, data, { …, penalty: groupLasso({ lambda: 1e-4, weights: "macs" }), target: structureTarget({ keep: 0.3, of: "macs" }) });
 * ```
 * With `of: "macs"` the penalty's `weights` should be "macs" too, as above: by their number of weights alone, channels go that save little.
 * @throws UsageError for options out of range
 */
export function structureTarget(given: StructureTargetOptions): Steering {
  wants("structureTarget", ["options", anObject, given]);
  const { keep, of = "params", until, least = keep / 4, groups = "coupled" } = given;
  if (!(keep > 0 && keep < 1))
    throw new UsageError("out-of-range", "the share to keep is out of range", {
      got: String(keep),
      wanted: "between 0 and 1, as 0.3",
    });
  if (!pruneMeasures.includes(of))
    throw new UsageError("unknown-name", "there is no such measure", {
      got: String(of),
      wanted: pruneMeasures.join(", "),
    });
  const cutAfter = standsAfter(until);
  checkShare("least", least, 0, 1);
  const unit = groups === "coupled" ? "head" : "index";
  const ranked = (model: Model, trained: Selection, scores: (set: PrunableSet) => Float64Array) => {
    const analysis = analyze(model.graph);
    const sets = prunable(model, analysis, trained, unit);
    return { analysis, sets, scores: new Map(sets.map((set) => [set, scores(set)])) };
  };
  const wanted = { keep, of, least, roundTo: 1, onEvent: undefined };
  return {
    options: { keep, of, ...(until !== undefined && { until }), least, groups },
    cutAfter,
    check(model, trained) {
      fewestGone(
        model,
        ranked(model, trained, (set) => groupMagnitudes(set, model.graph.initializers)),
        wanted,
      );
    },
    measure(model) {
      return measured(reduce(model).model, of) / measured(model, of);
    },
    strength: steadily(keep),
    cut(model, sparse, initial, trained) {
      const { base, ranking } = rankedForCut(model, sparse, initial, { trained, unit });
      return cutOf(base, ranking.analysis, fewestGone(base, ranking, wanted));
    },
  };
}

/** λ follows what is kept, see above. @param keep the share to come to */
export const steadily =
  (keep: number): Steering["strength"] =>
  (before, kept, epoch, epochs) => {
    const scheduled = Math.log(keep) * Math.min(1, epoch / epochs);
    const move = Math.log(kept) - scheduled;
    const bounded = Math.max(-MOST_AT_ONCE, Math.min(MOST_AT_ONCE, move));
    return Math.max(WEAKEST, Math.min(STRONGEST, before * Math.exp(bounded)));
  };

/**
 * When a run's structure stands.
 * @param until the part of its epochs; default by where its weights are from
 * @throws UsageError when that is out of range
 */
export function standsAfter(until: number | undefined): Steering["cutAfter"] {
  if (until !== undefined && !(until > 0))
    throw new UsageError("out-of-range", "until is out of range", { got: String(until), wanted: "(0, 1]" });
  if (until !== undefined) checkShare("until", until, 0, 1);
  return (epochs, trained) =>
    Math.min(epochs, Math.max(1, Math.round((until ?? UNTIL[trained ? "trained" : "drawn"]) * epochs)));
}

/** The model with its zeros as they were at the start, and what goes first in it: what is zero, then the smallest. */
export function rankedForCut(
  model: Model,
  sparse: Model,
  initial: Model,
  { trained, unit }: { readonly trained: Selection; readonly unit: HeadUnit },
): { readonly base: Model; readonly ranking: Ranking } {
  const analysis = analyze(model.graph);
  const sets = prunable(model, analysis, trained, unit);
  const gone = new Map(sets.map((set) => [set, goneAlready(set, sparse.graph.initializers)]));
  const base = revived(model, initial, gone);
  const scores = sets.map((set) => {
    const now = groupMagnitudes(set, sparse.graph.initializers);
    const first = groupMagnitudes(set, initial.graph.initializers);
    return [set, now.map((s, i) => (gone.get(set)![i] ? -1 / (1 + first[i]) : s))] as const;
  });
  return { base, ranking: { analysis: withWeights(analysis, base), sets, scores: new Map(scores) } };
}

/** An analysis of a graph with the weights of a model of the same graph. */
const withWeights = (analysis: Analysis, { graph }: Model): Analysis => ({
  ...analysis,
  graph: {
    ...analysis.graph,
    initializers: new Map([...analysis.graph.initializers].map(([v, t]) => [v, graph.initializers.get(v) ?? t])),
  },
});

/** @param analysis of the base */
export function cutOf(
  base: Model,
  analysis: Analysis,
  gone: ReadonlyMap<PrunableSet, readonly number[]>,
): StructureCut {
  const touched = new Set([...gone.keys()].flatMap((s) => [...s.readers, ...s.makers].map((m) => m.param)));
  const ones = new Map(
    [...base.graph.initializers].map(([v, t]): [Value, Tensor] => [v, touched.has(v) ? onesLike(t) : t]),
  );
  const masked = withoutChannels(
    base,
    withWeights(analysis, { ...base, graph: { ...base.graph, initializers: ones } }),
    gone,
  );
  return {
    model: withoutChannels(base, withWeights(analysis, base), gone),
    masks: new Map([...masked.graph.initializers].flatMap(([v, t]) => (touched.has(v) ? [[v.name, t] as const] : []))),
  };
}

const onesLike = ({ dtype, shape, data }: Tensor): Tensor =>
  tensor(dtype, shape, new Float32Array(data.length).fill(1));

/** With the weights of channels that are zero as they were at the start. */
function revived(model: Model, initial: Model, gone: ReadonlyMap<PrunableSet, Uint8Array>): Model {
  const initializers = new Map(model.graph.initializers);
  for (const [set, zero] of gone)
    for (const { param, view, axes, channels } of [...set.readers, ...set.makers]) {
      if (!zero.includes(1)) continue;
      const now = initializers.get(param)!;
      const from = initial.graph.initializers.get(param)!.data as Float32Array;
      const data = (now.data as Float32Array).slice();
      eachRun(view, axes, [], (i, _, start, end) => {
        const channel = channels ? channels[i] : i;
        if (channel < 0 || !zero[channel]) return;
        for (let at = start; at < end; at++) if (data[at] === 0) data[at] = from[at];
      });
      initializers.set(param, tensor(now.dtype, now.shape, data));
    }
  return { ...model, graph: { ...model.graph, initializers } };
}
