/** One-shot pruning: ranks the channels of a trained model, removes the least important ones, and says what that cost. */
import { checkInteger, checkShare } from "../../checks.ts";
import type { Dataset } from "../../data/dataset.ts";
import type { Engine } from "../../engine/engine.ts";
import { EspalierError, UsageError } from "../../error.ts";
import { aDataset, aModel, anEngine, anObject, maybe, wants } from "../../given.ts";
import { checkWeights } from "../../graph/finite.ts";
import type { Model } from "../../graph/types.ts";
import type { PrunableSet } from "../../groups/prunable.ts";
import { write } from "../../onnx/write.ts";
import { reduce } from "../../shrink/apply.ts";
import { type Cost, cost } from "../../shrink/cost.ts";
import { type Shrunk, shrink } from "../../shrink/shrink.ts";
import { evaluate } from "../../train/evaluate.ts";
import type { ScoringOptions } from "../../train/evaluator.ts";
import { preciseStatistics } from "../../train/precise-statistics.ts";
import type { Score } from "../../train/score.ts";
import { realInputs } from "../real-inputs.ts";
import { type Candidate, firstOf, removalOrder } from "./order.ts";
import { CALIBRATION_SAMPLES, type Ranking, type RankingOptions, rank } from "./rank.ts";
import { withoutChannels } from "./zeroed.ts";

/** Of what a share is kept: parameters, multiply–accumulates, bytes of the file. */
export type PruneMeasure = (typeof pruneMeasures)[number];
export const pruneMeasures = ["params", "macs", "bytes"] as const;

/** Options of `prune`. */
export interface PruneOptions extends Omit<ScoringOptions, "engine">, RankingOptions {
  readonly engine: Engine;
  /** The share that stays, in (0, 1). */
  readonly keep: number;
  /** Of what. Default `params`. */
  readonly of?: PruneMeasure;
  /** Calibrates, and says the accuracy before and after. Default: none, which leaves the ranking by magnitude. */
  readonly data?: Dataset;
  /**
   * The share of its channels that every layer keeps at least, in [0, 1]; one stays anyway. Default: a quarter of `keep`, so that no
   * ranking can cut a layer off.
   */
  readonly least?: number;
  /** Widths that lose channels stay multiples of this. Default 1. */
  readonly roundTo?: number;
  /** Called on the way. Default: nothing is told. */
  readonly onEvent?: (event: PruneEvent) => void;
}

/** What `prune` tells on its way. */
export type PruneEvent =
  /** The given model on the test split, before anything. */
  | { readonly type: "baseline"; readonly score: Score }
  /** Importance is measured over calibration samples next. */
  | { readonly type: "calibrating"; readonly samples: number }
  /** With so many of the channels gone this share is kept. */
  | { readonly type: "tried"; readonly removed: number; readonly of: number; readonly kept: number };

/** Channels of one layer, or of layers that share them. */
export interface PrunedSet {
  /** The first weight that makes them. */
  readonly name: string;
  readonly channels: number;
  readonly removed: number;
}

/** What `prune` made of a model. */
export interface Pruned extends Shrunk {
  /** The given model with what goes set to zero: `certificate` is of the way from it to `model`. Against the given model both are lossy. */
  readonly zeroed: Model;
  /** The share that is kept of what was asked for. */
  readonly kept: number;
  readonly cost: { readonly before: PruneCost; readonly after: PruneCost };
  readonly layers: readonly PrunedSet[];
  /** On the test split, with data. */
  readonly scores?: { readonly before: Score; readonly after: Score };
}

/** What a model costs, its file included. */
export interface PruneCost extends Cost {
  readonly bytes: number;
}

const full = (model: Model): PruneCost => ({ ...cost(model), bytes: write(model).length });
/** What a model costs, by one measure. */
export const measured = (model: Model, of: PruneMeasure): number =>
  of === "bytes" ? write(model).length : cost(model)[of];

/**
 * Removes the least important channels of a model, without training, until a share of it is left: the largest share not above `keep`
 * that the ranking comes to, so that one channel (with `roundTo`, one multiple) more would be above. Channels are those of the whole
 * network that can be cut (`groups`). What goes is set to zero; with data, the mean of what it carried goes into the biases behind
 * it, and running statistics are taken anew (`preciseStatistics`). Then `shrink` cuts it out and proves that. The result is lossy against the given model: judge it by the accuracy, and train it on.
 * ```ts
 * const { model: small, kept, scores } = await prune(model, { engine: node(), keep: 0.7, by: "taylor", data });
 * ```
 * @throws UsageError for options out of range or a ranking that wants data; EspalierError when so little cannot be kept, which says how
 *   far it came, when nothing can be removed, and as `shrink` and `evaluate`
 */
export async function prune(model: Model, options: PruneOptions): Promise<Pruned> {
  wants(
    "prune",
    ["model", aModel, model],
    ["options", anObject, options],
    ["engine", anEngine, options, "engine"],
    ["data", maybe(aDataset), options, "data"],
  );
  const { keep, of = "params", roundTo = 1, least = keep / 4, onEvent } = options;
  if (!(keep > 0 && keep < 1))
    throw new UsageError("out-of-range", "the share to keep is out of range", {
      got: String(keep),
      wanted: "between 0 and 1, as 0.7",
    });
  if (!pruneMeasures.includes(of))
    throw new UsageError("unknown-name", "there is no such measure", {
      got: String(of),
      wanted: pruneMeasures.join(", "),
    });
  checkShare("least", least, 0, 1);
  checkInteger("roundTo", roundTo, 1);
  const done = await pruneBy(model, { ...options, roundTo }, (ranking) =>
    fewestGone(model, ranking, { keep, of, least, roundTo, onEvent }),
  );
  return { ...done, kept: done.cost.after[of] / done.cost.before[of] };
}

/** What is the same whatever says how much goes. */
export type PruneByOptions = Omit<PruneOptions, "keep" | "of" | "least"> & { readonly roundTo: number };

/** Ranks, cuts what `choose` says, and says what that cost. */
export async function pruneBy(
  model: Model,
  options: PruneByOptions,
  choose: (
    ranking: Ranking,
  ) => ReadonlyMap<PrunableSet, readonly number[]> | Promise<ReadonlyMap<PrunableSet, readonly number[]>>,
): Promise<Omit<Pruned, "kept">> {
  const { engine, data, roundTo, onEvent, loss, output, normalization } = options;
  checkWeights(model.graph);
  const scoring = { engine, loss, output, normalization };
  const ranking = await rank(model, { ...options, before: (samples) => onEvent?.({ type: "calibrating", samples }) });
  const before = data && (await evaluate(model, data, scoring));
  if (before) onEvent?.({ type: "baseline", score: before });

  const gone = await choose(ranking);
  const cut = withoutChannels(model, ranking.analysis, gone, ranking.means);
  const lossy = data ? await renewed(cut, data, options) : cut;
  const inputs = await realInputs(lossy, data, engine, normalization);
  const shrunk = await shrink(lossy, { engine, inputs, roundTo });
  const after = data && (await evaluate(shrunk.model, data, scoring));
  const [costBefore, costAfter] = [full(model), full(shrunk.model)];
  return {
    ...shrunk,
    zeroed: lossy,
    cost: { before: costBefore, after: costAfter },
    layers: ranking.sets.map((set) => ({
      name: set.name,
      channels: set.channels.length,
      removed: gone.get(set)?.length ?? 0,
    })),
    ...(before && after && { scores: { before, after } }),
  };
}

/** With the running statistics of batch normalizations taken anew over the calibration samples, which what is left sees otherwise. */
function renewed(
  model: Model,
  data: Dataset,
  { engine, samples = CALIBRATION_SAMPLES, seed, freeze, normalization, signal }: PruneByOptions,
) {
  const batchSize = Math.max(2, Math.min(128, samples));
  return preciseStatistics(model, data, {
    engine,
    batches: Math.ceil(samples / batchSize),
    batchSize,
    ...(seed !== undefined && { seed }),
    ...(freeze && { freeze }),
    normalization,
    signal,
  });
}

interface Wanted extends Required<Pick<PruneOptions, "keep" | "of" | "least" | "roundTo">> {
  readonly onEvent: PruneOptions["onEvent"];
}

/**
 * The fewest channels of the ranking without which no more than the share is left; bisected, as what is left falls with every one.
 * @throws EspalierError when nothing can go, or not enough
 */
export function fewestGone(
  model: Model,
  { sets, scores, analysis, means }: Ranking,
  { keep, of, least, roundTo, onEvent }: Wanted,
) {
  const order: readonly Candidate[] = removalOrder(scores, least);
  if (order.length === 0)
    throw new EspalierError(
      "nothing-to-do",
      "no channel of the model can be removed",
      {
        layers:
          sets.map((s) => s.name).join(", ") || "none has channels that are neither inputs nor outputs of the network",
      },
      "inspect says of every layer what prevents it",
    );
  const whole = measured(model, of);
  const tried = new Map<number, number>();
  const keptOf = (n: number): number => {
    const known = tried.get(n);
    if (known !== undefined) return known;
    const small = reduce(withoutChannels(model, analysis, firstOf(order, n, roundTo), means), roundTo).model;
    const kept = measured(small, of) / whole;
    tried.set(n, kept);
    onEvent?.({ type: "tried", removed: n, of: order.length, kept });
    return kept;
  };
  const smallest = keptOf(order.length);
  if (smallest > keep)
    throw new EspalierError(
      "out-of-range",
      "so little of the model cannot be kept",
      { of, got: Number(smallest.toPrecision(4)), wanted: keep, removed: `all ${order.length} channels that may go` },
      `keep at least ${(Math.ceil(smallest * 1000) / 1000).toPrecision(3)}${least > 0 ? ", or let layers keep fewer channels (a smaller least)" : ""}`,
    );
  let [above, enough] = [0, order.length];
  while (enough - above > 1) {
    const middle = (above + enough) >> 1;
    if (keptOf(middle) <= keep) enough = middle;
    else above = middle;
  }
  return firstOf(order, enough, roundTo);
}
