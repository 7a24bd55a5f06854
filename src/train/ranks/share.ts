/** Which samples of a batch a rank computes. */
import type { Batch } from "../../data/batches.ts";
import { shareAt } from "../../data/share.ts";
import type { LabelPlan } from "../../step/loss.ts";
import { knownPerSample } from "../feeds.ts";
import { type BatchPart, partsOf } from "../parts.ts";
import type { Communicator } from "./communicator.ts";

/**
 * A rank's share of a batch; the whole where nobody shares. A loader of the data set's own may have prepared the whole all the same.
 * @param least samples of a rank that has some
 */
export function shareOf(batch: Batch, communicator: Communicator | undefined, least: number): BatchPart {
  if (batch.share) return { ...batch, ...batch.share };
  if (!communicator) return { ...batch, from: 0 };
  const { from, count } = shareAt(batch.count, { rank: communicator.rank, size: communicator.size, least });
  return partsOf(batch, [from, count])[1];
}

/** What `knownPerSample` says of the whole batch, where each rank has the labels of its own samples alone. */
export async function knownInBatch(
  batch: Batch,
  labels: readonly LabelPlan[],
  communicator: Communicator | undefined,
): Promise<ReturnType<typeof knownPerSample>> {
  const own = knownPerSample(batch, labels);
  if (!communicator || !batch.share || own.size === 0) return own;
  const counts = Float32Array.from(own.values(), (each) => Math.round(each * batch.count));
  await communicator.allreduce(counts);
  return new Map([...own.keys()].map((label, i) => [label, counts[i] / batch.count]));
}
