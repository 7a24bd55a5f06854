/** The ranking of a model's channels: what is prunable in it, and by what it is judged. */
import { checkInteger } from "../../checks.ts";
import type { Dataset } from "../../data/dataset.ts";
import { EspalierError, UsageError } from "../../error.ts";
import type { Model, Value } from "../../graph/types.ts";
import type { HeadUnit } from "../../groups/heads.ts";
import { type PrunableSet, prunableSets } from "../../groups/prunable.ts";
import { type Analysis, analyze } from "../../shrink/analysis.ts";
import type { ScoringOptions } from "../../train/evaluator.ts";
import { frozen, type Selection } from "../../train/freeze.ts";
import { type Calibration, gradientsOf, type Moments, momentsAt, type ReadPlace } from "./calibrate.ts";
import { firstOrder, goneAlready, groupMagnitudes, perLayer } from "./scores.ts";
import type { MeansOf } from "./zeroed.ts";

/** How channels are ranked. */
export const pruneRankings = ["magnitude", "taylor", "activation"] as const;
export type PruneRanking = (typeof pruneRankings)[number];

/** What of an attention is a channel: a whole head, or one index of every head. */
export const pruneGroups = ["coupled", "headWidth"] as const;
export type PruneGroups = (typeof pruneGroups)[number];

/** Options of `prune` about what is ranked, and how. */
export interface RankingOptions {
  /**
   * `magnitude`: the norm of all weights of a channel over its mean in the layer (Li et al. 2017; Fang et al. 2023). With data,
   * `taylor`: what the loss changes to first order without it, (Σ g·w)² (Molchanov et al. 2019); `activation`: the mean of |x| where
   * it is read, over its mean in the layer (Molchanov et al. 2017). Default `magnitude`.
   */
  readonly by?: PruneRanking;
  /** What of an attention is a channel: `coupled` heads, or `headWidth`, an index of every head. Default `coupled`. */
  readonly groups?: PruneGroups;
  /** Training samples to calibrate with, ≥ 1. Default 512, at most all. */
  readonly samples?: number;
  /** Of their drawing. Default 1. */
  readonly seed?: number;
  /** Weights that are left alone, by name or "op:NAME"; patterns as in `train`. Default: none. */
  readonly freeze?: readonly string[];
  /** Stops between two batches of calibration, with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** What can go, and how much each of it matters. */
export interface Ranking {
  readonly analysis: Analysis;
  readonly sets: readonly PrunableSet[];
  /** One number for each channel, −1 for what is gone already; Infinity = it cannot be judged and stays. */
  readonly scores: ReadonlyMap<PrunableSet, Float64Array>;
  /** Whether scores of different layers compare: they are not of a layer's mean. */
  readonly absolute?: boolean;
  /** With data: the means of what weights read. */
  readonly means?: MeansOf;
}

/** How many training samples calibrate, when nothing is said. */
export const CALIBRATION_SAMPLES = 512;

interface RankInput extends RankingOptions, ScoringOptions {
  readonly data?: Dataset;
  /** Called before calibration. */
  readonly before?: (samples: number) => void;
}

/** @throws UsageError when the ranking wants data; else as `evaluate` */
export async function rank(model: Model, options: RankInput): Promise<Ranking> {
  const { by = "magnitude", groups = "coupled", data, freeze, samples = CALIBRATION_SAMPLES, seed = 1 } = options;
  if (!pruneRankings.includes(by))
    throw new UsageError("unknown-name", "there is no such ranking", {
      got: String(by),
      wanted: pruneRankings.join(", "),
    });
  if (!pruneGroups.includes(groups))
    throw new UsageError("unknown-name", "there are no such groups", {
      got: String(groups),
      wanted: pruneGroups.join(", "),
    });
  if (by !== "magnitude" && !data)
    throw new UsageError(
      "missing",
      `the ranking by ${by} wants data`,
      { wanted: "data" },
      "give data, or rank by magnitude",
    );
  checkInteger("samples", samples, 1);
  checkInteger("seed", seed, Number.MIN_SAFE_INTEGER);
  const analysis = analyze(model.graph);
  const sets = prunable(model, analysis, { freeze }, groups === "coupled" ? "head" : "index");
  if (!data)
    return {
      analysis,
      sets,
      scores: scored(sets, analysis, (set) => groupMagnitudes(set, analysis.graph.initializers)),
    };

  const count = Math.min(samples, data.train.count);
  options.before?.(count);
  const calibration: Calibration = { ...options, data, samples: count, seed };
  const places = placesRead(analysis);
  const moments = await momentsAt(model, places, calibration);
  const at = byPlace(places, moments);
  const means: MeansOf = (value, axis) => at(value, axis)?.mean;
  const own =
    by === "taylor"
      ? await taylor(model, analysis, sets, calibration)
      : by === "activation"
        ? (set: PrunableSet) => activations(set, analysis, at)
        : (set: PrunableSet) => groupMagnitudes(set, analysis.graph.initializers);
  return { analysis, sets, scores: scored(sets, analysis, own), absolute: by === "taylor", means };
}

/** The sets of channels of which no weight is a constant, or frozen. */
export function prunable(
  model: Model,
  { graph, channels }: Analysis,
  trained: Selection,
  unit: HeadUnit,
): PrunableSet[] {
  const stays = frozen(model, trained);
  const trainable = [...graph.initializers].filter(([v]) => !stays.has(v.name));
  return prunableSets({ ...graph, initializers: new Map(trainable) }, channels, unit);
}

/** What has gone already goes first. */
function scored(
  sets: readonly PrunableSet[],
  { graph }: Analysis,
  of: (set: PrunableSet) => Float64Array,
): Map<PrunableSet, Float64Array> {
  return new Map(
    sets.map((set) => {
      const gone = goneAlready(set, graph.initializers);
      return [set, of(set).map((s, i) => (gone[i] ? -1 : s))];
    }),
  );
}

/** Where weights read channels, each place once. */
function placesRead({ uses, channels }: Analysis): ReadPlace[] {
  const found = new Map<string, ReadPlace>();
  for (const { node, data, carried } of uses) {
    const value = node.inputs[data.at]!;
    if (!carried && value.dtype === "float32" && channels.of(value, data.axis))
      found.set(`${data.axis} ${value.name}`, { value, axis: data.axis });
  }
  return [...found.values()];
}

function byPlace(places: readonly ReadPlace[], moments: readonly Moments[]) {
  const found = new Map(places.map(({ value, axis }, i) => [`${axis} ${value.name}`, moments[i]]));
  return (value: Value, axis: number): Moments | undefined => found.get(`${axis} ${value.name}`);
}

/** The mean of |x| over all places where a channel is read, by the layer's mean; what no weight reads cannot be judged. */
function activations({ channels }: PrunableSet, analysis: Analysis, at: ReturnType<typeof byPlace>): Float64Array {
  const index = new Map(channels.map((c, i) => [c, i]));
  const [sums, counts] = [new Float64Array(channels.length), new Float64Array(channels.length)];
  for (const { value, axis } of placesRead(analysis))
    analysis.channels.of(value, axis)!.forEach((c, i) => {
      for (const part of analysis.channels.parts(c)) {
        const own = index.get(part);
        if (own === undefined) continue;
        sums[own] += at(value, axis)!.meanAbs[i];
        counts[own]++;
      }
    });
  return perLayer(sums.map((s, i) => (counts[i] ? s / counts[i] : Number.POSITIVE_INFINITY)));
}

/** The mean over batches of (Σ g·w)². */
async function taylor(model: Model, { graph }: Analysis, sets: readonly PrunableSet[], calibration: Calibration) {
  const params = [...new Set(sets.flatMap((s) => [...s.readers, ...s.makers].map((m) => m.param)))];
  const sums = new Map(sets.map((set) => [set, new Float64Array(set.channels.length)]));
  let batches = 0;
  await gradientsOf(model, params, calibration, (byName) => {
    batches++;
    const gradients = new Map(params.map((p) => [p, byName.get(p.name)!]));
    for (const [set, sum] of sums)
      firstOrder(set, graph.initializers, gradients).forEach((x, i) => {
        sum[i] += x;
      });
  });
  if (batches === 0) throw new EspalierError("missing", "there are no samples to calibrate with");
  return (set: PrunableSet) => sums.get(set)!.map((x) => x / batches);
}
