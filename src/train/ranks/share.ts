/** Which samples of a batch a rank computes. */
import type { Batch } from "../../data/batches.ts";
import { type BatchPart, partSizes, partsOf } from "../parts.ts";
import type { Communicator } from "./communicator.ts";

/**
 * How many of a batch's samples each rank has, as even as can be; those in rank order are the batch.
 * @param least samples of a rank that has some: where the batch is too small for all, the last ranks have none
 */
export function shareSizes(count: number, { size }: Pick<Communicator, "size">, least: number): number[] {
  const sizes = partSizes(count, size, least);
  return Array.from({ length: size }, (_, rank) => sizes[rank] ?? 0);
}

/** A rank's share of a batch; the whole where nobody shares. The arrays are the batch's own. */
export function shareOf(batch: Batch, communicator: Communicator | undefined, least: number): BatchPart {
  if (!communicator) return { ...batch, from: 0 };
  return partsOf(batch, shareSizes(batch.count, communicator, least))[communicator.rank];
}
