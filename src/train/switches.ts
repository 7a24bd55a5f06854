/** What options say of the order of samples and of what is written of steps: whether it goes together, and as batches take it. */
import type { Dataset } from "../data/dataset.ts";
import { UsageError } from "../error.ts";
import { named, say } from "../message.ts";
import { forSamples, placesOf } from "./inputs.ts";
import type { Resolved, TrainOptions } from "./options.ts";

/** Whether samples stay in the order that is asked for, or a teacher takes them in full length only. */
export const wantsWhole = (data: Dataset, { order, shuffle, distill }: TrainOptions): boolean =>
  order !== undefined ||
  shuffle === false ||
  (distill !== undefined && (distill.cache === true || !placesOf(forSamples(distill.teacher, data), data)));

/**
 * Of the batches of a run, what its options say.
 * @param normalizes whether samples are normalized by their batch
 */
export const planned = (
  { batchSize, seed, epochs, augment, shuffle, order, places, communicator, syncBatchNorm }: Resolved,
  normalizes: boolean,
) => ({
  batchSize,
  seed,
  epochs,
  augment,
  shuffle,
  order,
  places,
  mergeSingle: normalizes,
  ...(communicator && {
    sharing: { rank: communicator.rank, size: communicator.size, least: normalizes && !syncBatchNorm ? 2 : 1 },
  }),
});

/** @throws UsageError for switches that do not go together */
export function checkSwitches({
  order,
  shuffle,
  logSteps,
  store,
}: Pick<Resolved, "order" | "shuffle" | "logSteps" | "store">) {
  if (order && !shuffle)
    throw new UsageError(
      "conflict",
      say`${named("order")} and ${named("shuffle")} both say in which order samples come`,
      {},
      "leave one of them out",
    );
  if (logSteps && !store)
    throw new UsageError(
      "conflict",
      say`${named("logSteps")} writes a file, and there is nowhere to write it`,
      { wanted: "store" },
      "give a store, such as directory(path)",
    );
}
