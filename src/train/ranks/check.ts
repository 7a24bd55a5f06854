/** What a run of several ranks is refused for. */
import { UsageError } from "../../error.ts";
import { named, say } from "../../message.ts";
import type { Steering } from "../steering.ts";
import type { Communicator } from "./communicator.ts";

interface Checked {
  readonly batchSize: number;
  readonly least: number;
  readonly accumulate: number;
  readonly tune?: { readonly when?: "always" | "long" } | false;
  readonly syncBatchNorm?: boolean;
  readonly target?: Steering;
}

/** Samples of a rank that has some: batch statistics need more than one value, of this rank or of all. */
export const leastShare = (
  running: { readonly length: number },
  { syncBatchNorm }: { readonly syncBatchNorm?: boolean },
): number => (running.length > 0 && !syncBatchNorm ? 2 : 1);

/** @param least samples of a rank that has some */
export function checkCommunicator(
  communicator: Communicator,
  { batchSize, least, tune, accumulate, syncBatchNorm, target }: Checked,
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
  if (syncBatchNorm && accumulate > 1)
    throw new UsageError(
      "conflict",
      say`${named("syncBatchNorm")} normalizes by the whole batch, which ${named("accumulate")} splits`,
      { accumulate },
      "leave one of them out",
    );
  if (tune && tune.when !== "long")
    throw new UsageError(
      "conflict",
      "ranks would each choose formulations of their own",
      { ranks: size },
      "leave tuning out: ranks compute by the built-in thresholds",
    );
  if (target?.measures)
    throw new UsageError(
      "conflict",
      "ranks would each measure times of their own, and cut otherwise",
      { ranks: size },
      "train with a share of the multiply–accumulates as the target, or in one process",
    );
}
