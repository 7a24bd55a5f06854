/** In which order epochs visit the samples, where it is given rather than drawn. */
import { UsageError } from "../error.ts";
import { named, say } from "../message.ts";

/**
 * A sample order as batches take it.
 * @param given indices of samples: as many as there are samples, for all epochs alike, or as many for each of the epochs, one epoch
 *   after the other. A sample may stand in an epoch several times or not at all.
 * @throws UsageError naming the first place that is no index of a sample, or the number that is wanted
 */
export function sampleOrder(given: ArrayLike<number>, count: number, epochs: number): Uint32Array {
  const wrong = (got: string, wanted: string, fix?: string) =>
    new UsageError("out-of-range", say`${named("order")} does not fit the samples`, { got, wanted }, fix);
  for (let i = 0; i < given.length; i++)
    if (!(Number.isInteger(given[i]) && given[i] >= 0 && given[i] < count))
      throw wrong(`${given[i]} at place ${i + 1}`, `an index of one of ${count} samples, 0 … ${count - 1}`);
  if (given.length !== count && given.length !== count * epochs)
    throw wrong(
      `${given.length} indices`,
      `${count} for all epochs, or ${count * epochs} for ${epochs} of them`,
      "write one index for each training sample of an epoch",
    );
  return Uint32Array.from(given);
}

/** The part of an order that is an epoch's. */
export const orderOf = (order: Uint32Array, count: number, epoch: number): Uint32Array =>
  order.length === count ? order : order.subarray(epoch * count, (epoch + 1) * count);
