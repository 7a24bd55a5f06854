/**
 * Precise batch normalization (Wu & Johnson 2021, "Rethinking 'Batch' in BatchNorm", section 3): the running statistics of a finished
 * model are taken anew over training samples, all with the weights as they are now. What training carries along is an average over
 * weights as they were, which is far off where these moved much: by averages, by proximal steps, by a cut.
 */
import { checkInteger } from "../checks.ts";
import { checkDataset } from "../data/check.ts";
import type { Dataset } from "../data/dataset.ts";
import { disposeAll, type Engine } from "../engine/engine.ts";
import { aDataset, aModel, anEngine, anObject, wants } from "../given.ts";
import { checkWeights } from "../graph/finite.ts";
import type { Model } from "../graph/types.ts";
import type { Normalization } from "../step/input.ts";
import { names } from "../step/names.ts";
import { parameters, withTensors } from "../step/parameters.ts";
import { statisticsPrograms } from "../step/statistics.ts";
import { freezeParameters, frozen } from "./freeze.ts";
import { type Gathering, gatherStatistics } from "./gather-statistics.ts";
import { checkDynamicBatch, checkInputs, forSamples, inputPlans } from "./inputs.ts";
import { normalizationOf } from "./normalization.ts";
import { checkOperators } from "./operators.ts";
import type { TrainOptions } from "./options.ts";
import { Sessions } from "./sessions.ts";

/**
 * Batches that statistics are taken over unless something else is said: 6,400 samples at 128. Wu & Johnson find no difference between
 * 1,000 and 10,000.
 */
export const STATISTICS_BATCHES = 50;

/** How many batches a run takes where nothing is said: none for weights that small steps alone move. */
export const statisticsBatches = ({
  optimizer,
  penalty,
}: Pick<TrainOptions, "optimizer" | "penalty">): number | false =>
  (penalty !== undefined || optimizer.prox !== undefined || optimizer.bind !== undefined) && STATISTICS_BATCHES;

/** Options of `preciseStatistics`. */
export interface StatisticsOptions extends Partial<Gathering> {
  readonly engine: Engine;
  /** As for `evaluate`. */
  readonly normalization?: Normalization | null;
  /** Running statistics that stay as they are, by patterns as in `TrainOptions`. Default: none. */
  readonly freeze?: readonly string[];
}

/**
 * A model whose batch normalizations know the data again: running means and variances over training samples, each batch normalized by
 * its own statistics on the way, as in training. Mean and variance are those of all values (unbiased, as torch's), not an average over
 * batches. Samples are not varied, and nothing is dropped out, as in the evaluation that the statistics are for. Deterministic.
 * ```ts
 * const cut = await shrink(model, { engine });
 * const right = await preciseStatistics(cut.model, data, { engine, batches: 100 });
 * ```
 * @param options `batches` of `batchSize` samples (default 50 of 128, or all that there are) in the order of `seed` (default 1)
 * @returns the model itself where it has no running statistics
 * @throws UsageError, EspalierError when options, model and data do not fit together; the signal's reason once it is aborted
 */
export async function preciseStatistics(model: Model, data: Dataset, options: StatisticsOptions): Promise<Model> {
  wants(
    "preciseStatistics",
    ["model", aModel, model],
    ["data", aDataset, data],
    ["options", anObject, options],
    ["engine", anEngine, options, "engine"],
  );
  const { engine, batches = STATISTICS_BATCHES, batchSize = 128, seed = 1, signal, freeze = [] } = options;
  checkInteger("batches", batches, 1);
  checkInteger("batchSize", batchSize, 2);
  checkInteger("seed", seed, Number.MIN_SAFE_INTEGER);
  checkDataset(data);
  const sized = forSamples(model, data);
  checkInputs(sized, data);
  const bound = { ...sized, graph: freezeParameters(sized.graph, frozen(sized, { freeze })) };
  const { trained, running } = parameters(bound.graph);
  if (running.length === 0) return model;
  checkDynamicBatch(bound);
  checkOperators(bound.graph, "shape");
  checkWeights(bound.graph);
  const inputs = inputPlans(bound, data, normalizationOf(model, data, options.normalization));
  const sessions = new Sessions(engine, statisticsPrograms(bound, inputs));
  const feeds = Object.fromEntries(
    [...trained, ...running].map((v) => [names.param(v.name), engine.upload(bound.graph.initializers.get(v)!)]),
  );
  try {
    const found = await gatherStatistics({ engine, sessions, feeds, inputs }, data, {
      batches,
      batchSize,
      seed,
      signal,
    });
    return { ...model, graph: withTensors(model.graph, found) };
  } finally {
    await sessions.release();
    disposeAll(engine, feeds);
  }
}
