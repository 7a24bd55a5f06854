/** What a step's programs are fed beside the state: the batch and its masks, the clock's numbers, what of the penalty acts. */
import type { Batch } from "../data/batches.ts";
import type { EngineTensor, HostTensors } from "../engine/engine.ts";
import { tensor } from "../graph/tensor.ts";
import type { Tensor } from "../graph/types.ts";
import type { InputPlan } from "../step/input.ts";
import type { Loss } from "../step/loss.ts";
import { names } from "../step/names.ts";
import { type PenaltyMoment, penaltyNumbers } from "../step/penalty-clock.ts";

/** A batch or a part of one. */
export function batchFeeds(
  batch: Pick<Batch, "x" | "y" | "count">,
  input: InputPlan,
  loss: Loss,
  targetShape: readonly number[],
): HostTensors {
  const y: EngineTensor =
    loss.labels === "class"
      ? { dtype: "int32", shape: [batch.count], data: batch.y }
      : { dtype: "float32", shape: [batch.count, ...targetShape], data: batch.y };
  return { [names.x]: { dtype: input.dtype, shape: [batch.count, ...input.sample], data: batch.x }, [names.y]: y };
}

export const numberFeed = (x: number): Tensor => tensor("float32", [], Float32Array.of(x));

/** @param penalty absent where there is none */
export function numberFeeds(clock: Readonly<Record<string, number>>, penalty?: PenaltyMoment): HostTensors {
  const feeds: Record<string, Tensor> = {};
  for (const [k, x] of Object.entries(clock)) feeds[names.clock(k)] = numberFeed(x);
  if (penalty) for (const k of penaltyNumbers) feeds[names.penalty(k)] = numberFeed(penalty[k]);
  return feeds;
}
