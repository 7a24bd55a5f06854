/** Running statistics as the training samples have them now, gathered over whole batches: a model is run once for each. */
import { type Batch, batches, batchSizes } from "../data/batches.ts";
import type { Dataset } from "../data/dataset.ts";
import { type DeviceTensors, type Engine, take, withUploaded } from "../engine/engine.ts";
import { f32 } from "../graph/tensor.ts";
import type { Tensor } from "../graph/types.ts";
import type { InputPlan } from "../step/input.ts";
import { names } from "../step/names.ts";
import type { StatisticsPrograms } from "../step/statistics.ts";
import { ChannelMoments } from "./channel-moments.ts";
import { batchFeeds } from "./feeds.ts";
import type { Sessions } from "./sessions.ts";

/** Which samples. */
export interface Gathering {
  /** How many batches at most. */
  readonly batches: number;
  /** Samples in each. */
  readonly batchSize: number;
  readonly seed: number;
  readonly signal?: AbortSignal;
}

/** What runs a model on its parameters. */
export interface Runner {
  readonly engine: Engine;
  readonly sessions: Sessions<StatisticsPrograms>;
  readonly feeds: DeviceTensors;
  readonly inputs: readonly InputPlan[];
}

/**
 * The samples are the first of the seed's shuffled order, as evaluation sees them: neither varied nor thinned by dropout, of which
 * there is none when the statistics are used.
 * @returns running means and variances by name
 */
export async function gatherStatistics(
  { engine, sessions, feeds, inputs }: Runner,
  { train, shape, batches: loader = batches }: Dataset,
  { batches: most, batchSize, seed, signal }: Gathering,
): Promise<Map<string, Tensor>> {
  const means = new Map<string, ChannelMoments>();
  const variances = new Map<string, ChannelMoments>();
  const observe = async (batch: Batch) => {
    const { session, observations } = await sessions.get("statistics", batch.count);
    const out = await withUploaded(engine, batchFeeds(batch, inputs, []), (up) => session.run({ ...feeds, ...up }));
    for (const [i, { runningMean, runningVar, values }] of observations.entries()) {
      const mean = (await take(engine, out[names.observed("mean", i)])).data as Float32Array;
      const variance = (await take(engine, out[names.observed("variance", i)])).data as Float32Array;
      for (const moments of [momentsOf(means, runningMean, mean), momentsOf(variances, runningVar, mean)])
        moments.add({ mean, variance, values });
    }
  };
  let left = Math.min(most, batchSizes(train.count, batchSize, { mergeSingle: true }).length);
  for await (const batch of (train.source ? loader : batches)(train, {
    shape,
    batchSize,
    seed,
    mergeSingle: true,
    signal,
  })) {
    await observe(batch);
    left -= 1;
    if (left === 0) break;
  }
  const tensors = new Map<string, Tensor>();
  for (const [name, { mean }] of means) tensors.set(name, f32(mean, [mean.length]));
  for (const [name, { variance }] of variances) tensors.set(name, f32(variance, [variance.length]));
  return tensors;
}

/** The moments kept under a name: one normalization that is used at several places has all their values. */
function momentsOf(kept: Map<string, ChannelMoments>, name: string, { length }: Float32Array): ChannelMoments {
  const moments = kept.get(name) ?? new ChannelMoments(length);
  kept.set(name, moments);
  return moments;
}
