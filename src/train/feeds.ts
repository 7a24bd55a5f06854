/** What a step's programs are fed beside the state: the batch and its masks, the clock's numbers, what of the penalty acts. */
import type { Batch } from "../data/batches.ts";
import { arrayOfColumn } from "../data/columns.ts";
import type { EngineTensor, HostTensors } from "../engine/engine.ts";
import { tensor } from "../graph/tensor.ts";
import type { Tensor } from "../graph/types.ts";
import type { InputPlan } from "../step/input.ts";
import type { LabelPlan } from "../step/loss.ts";
import { names } from "../step/names.ts";
import { type PenaltyMoment, penaltyNumbers } from "../step/penalty-clock.ts";

export const numberFeed = (x: number): Tensor => tensor("float32", [], Float32Array.of(x));

/** Parameters and running statistics by what programs call them. */
export const weightFeeds = (weights: ReadonlyMap<string, Tensor>): HostTensors =>
  Object.fromEntries([...weights].map(([name, t]) => [names.param(name), t]));

type Samples = Pick<Batch, "x" | "y" | "more" | "count">;

/** How many labels of places count, for each sample of a batch or of a split, by their array: so that parts of it make up the mean over all. */
export const knownPerSample = (
  samples: Samples,
  labels: readonly LabelPlan[],
): ReadonlyMap<string | undefined, number> =>
  new Map(
    labels
      .filter(({ ofPlaces }) => ofPlaces)
      .map((plan) => {
        let counting = 0;
        for (const label of arrayOfColumn(samples, plan, "y")) if (label >= 0) counting++;
        return [plan.more, counting / samples.count];
      }),
  );

/** A batch or a part of one. @param known of the samples whose mean is wanted: of the whole batch, of the whole split */
export function batchFeeds(
  batch: Samples,
  inputs: readonly InputPlan[],
  labels: readonly LabelPlan[],
  known = knownPerSample(batch, labels),
): HostTensors {
  const feeds: Record<string, EngineTensor> = {};
  for (const one of inputs) {
    const shape = [batch.count, ...one.sample];
    feeds[nameOf(one, names.x)] = { dtype: one.dtype, shape, data: arrayOfColumn(batch, one, "x") };
  }
  for (const one of labels) {
    const shape = [batch.count, ...one.sample];
    feeds[nameOf(one, names.y)] = { dtype: one.dtype, shape, data: arrayOfColumn(batch, one, "y") };
    const each = one.ofPlaces ? known.get(one.more) : undefined;
    if (each !== undefined) feeds[names.known(one.more)] = numberFeed(each * batch.count || 1); // none: a sum of nothing is 0
  }
  return feeds;
}

const nameOf = ({ more }: { readonly more?: string }, first: string): string =>
  more === undefined ? first : names.more(more);

/** @param penalty absent where there is none */
export function numberFeeds(clock: Readonly<Record<string, number>>, penalty?: PenaltyMoment): HostTensors {
  const feeds: Record<string, Tensor> = {};
  for (const [k, x] of Object.entries(clock)) feeds[names.clock(k)] = numberFeed(x);
  if (penalty) for (const k of penaltyNumbers) feeds[names.penalty(k)] = numberFeed(penalty[k]);
  return feeds;
}
