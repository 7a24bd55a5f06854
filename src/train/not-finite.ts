/** NaN and infinity in what training computes. */
import { type ErrorDetails, EspalierError } from "../error.ts";
import type { Tensor } from "../graph/types.ts";
import type { Words } from "../message.ts";

/** A loss or a parameter is NaN or infinite: training diverged, or the weights never fitted the data. */
export class NotFiniteError extends EspalierError {
  constructor(what: Words, details?: ErrorDetails, fix?: Words) {
    super("not-finite", what, details, fix);
  }
}

/**
 * @param where the epoch and step that end with it, counted from 1
 * @throws NotFiniteError for a NaN or an infinity: a checkpoint of that could not be gone on from
 */
export function checkFinite(name: string, data: Tensor["data"], where: { epoch: number; step?: number }): void {
  for (let i = 0; i < data.length; i++)
    if (!Number.isFinite(Number(data[i])))
      throw new NotFiniteError(
        `training diverged: ${name} holds ${data[i]}`,
        { ...where },
        "use a smaller lr, a warm-up, or normalized inputs; the last checkpoint is kept",
      );
}
