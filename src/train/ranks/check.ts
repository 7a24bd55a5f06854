/** What a run of several ranks is refused for. */
import { UsageError } from "../../error.ts";
import type { TuneOptions } from "../../lower/tuning/tune.ts";
import { named, say } from "../../message.ts";
import type { Communicator } from "./communicator.ts";

/** @param least samples of a rank that has some */
export function checkCommunicator(
  communicator: Communicator,
  { batchSize, least, tune }: { readonly batchSize: number; readonly least: number; readonly tune?: TuneOptions },
): void {
  const { rank, size } = communicator;
  if (!(Number.isInteger(size) && size >= 1 && Number.isInteger(rank) && rank >= 0 && rank < size))
    throw new UsageError("out-of-range", "a rank is one of those that there are", {
      got: `rank ${rank} of ${size}`,
      wanted: "0 … size − 1",
    });
  if (batchSize < size * least)
    throw new UsageError(
      "out-of-range",
      say`${named("batchSize")} is too small for every rank to have a share`,
      { got: batchSize, wanted: `at least ${size * least}`, ranks: size },
      "give a larger batch, or start fewer ranks",
    );
  if (tune)
    throw new UsageError(
      "conflict",
      "ranks would each choose formulations of their own",
      { ranks: size },
      "leave tuning out: ranks compute by the built-in thresholds",
    );
}
