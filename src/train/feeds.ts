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

/** A batch or a part of one. */
export function batchFeeds(
  batch: Pick<Batch, "x" | "y" | "more" | "count">,
  inputs: readonly InputPlan[],
  labels: readonly LabelPlan[],
): HostTensors {
  const feeds: Record<string, EngineTensor> = {};
  for (const one of inputs) {
    const shape = [batch.count, ...one.sample];
    feeds[nameOf(one, names.x)] = { dtype: one.dtype, shape, data: arrayOfColumn(batch, one, "x") };
  }
  for (const one of labels) {
    const shape = [batch.count, ...one.sample];
    feeds[nameOf(one, names.y)] = { dtype: one.dtype, shape, data: arrayOfColumn(batch, one, "y") };
  }
  return feeds;
}

const nameOf = ({ more }: { readonly more?: string }, first: string): string =>
  more === undefined ? first : names.more(more);

export const numberFeed = (x: number): Tensor => tensor("float32", [], Float32Array.of(x));

/** @param penalty absent where there is none */
export function numberFeeds(clock: Readonly<Record<string, number>>, penalty?: PenaltyMoment): HostTensors {
  const feeds: Record<string, Tensor> = {};
  for (const [k, x] of Object.entries(clock)) feeds[names.clock(k)] = numberFeed(x);
  if (penalty) for (const k of penaltyNumbers) feeds[names.penalty(k)] = numberFeed(penalty[k]);
  return feeds;
}
