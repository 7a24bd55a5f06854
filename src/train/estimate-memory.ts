/** What memory a run is expected to take, before its first step. */
import { batchSizes } from "../data/batches.ts";
import type { Dataset } from "../data/dataset.ts";
import type { Model } from "../graph/types.ts";
import type { MemoryEstimate } from "../report/results.ts";
import { inStep } from "./answers.ts";
import { checkArguments } from "./arguments.ts";
import { freezeParameters, frozen } from "./freeze.ts";
import { forSamples } from "./inputs.ts";
import { type Resolved, resolveOptions, type TrainOptions } from "./options.ts";
import { EVALUATION_BATCH } from "./score.ts";
import type { ExpectedBatches } from "./step-memory.ts";
import { Trainer } from "./trainer.ts";

/**
 * What memory a run would take. Nothing is run and nothing is written.
 * ```ts
 * const { peak, free, recompute } = await estimateMemory(model, data, options);
 * ```
 * @throws UsageError, EspalierError as `train` does
 */
export async function estimateMemory(model: Model, data: Dataset, options: TrainOptions): Promise<MemoryEstimate> {
  checkArguments(model, data, options);
  const bound = forSamples(model, data);
  const resolved = resolveOptions(bound, data, options);
  const graph = freezeParameters(bound.graph, frozen(bound, resolved));
  const trainer = new Trainer({ ...inStep(resolved), model: { ...bound, graph }, batches: data.batches });
  return trainer.estimate(expectedBatches(trainer, data, resolved));
}

/**
 * The same of a run that begins, which it is told; its step is compiled then, to keep less where all of that would take more than is free.
 * @returns undefined where ranks exchange statistics within a step, which is then many programs
 */
export async function foreseeMemory(
  trainer: Trainer,
  data: Dataset,
  options: Resolved,
): Promise<MemoryEstimate | undefined> {
  if (options.communicator && options.syncBatchNorm) return undefined;
  const estimate = await trainer.estimate(expectedBatches(trainer, data, options));
  options.onMemory?.(estimate);
  return estimate;
}

/** The batches of a run. */
function expectedBatches(trainer: Trainer, data: Dataset, { batchSize, places }: Resolved): ExpectedBatches {
  const sizes = batchSizes(data.train.count, batchSize, { mergeSingle: trainer.hasStatistics });
  const scored = Math.min(EVALUATION_BATCH, Math.max(data.test.count, data.val?.count ?? 0));
  return {
    sizes: [...new Set(sizes)].sort((a, b) => b - a),
    scored,
    ...(places && { length: Math.max(...places.lengths) }),
  };
}
