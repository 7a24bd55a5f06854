/** Shrinking with its evidence. */
import type { Model } from "../graph/types.ts";
import { type Certificate, digest, FORMAT, ranges } from "../proof/certificate.ts";
import { type Reduced, reduce } from "./apply.ts";

/** Shrinks without verification, and says what went. */
export async function certify(full: Model, roundTo = 1): Promise<{ model: Model; certificate: Certificate }> {
  const reduced = reduce(full, roundTo);
  return { model: reduced.model, certificate: await certificateOf(full, reduced) };
}

/** What went, and from what. @param flushed subnormal weights that it had */
export async function certificateOf(
  full: Model,
  { model, removals, replacements }: Reduced,
  flushed = 0,
): Promise<Certificate> {
  const removed = removals.map(({ step, tensor, axis, indices, reason }) => ({
    step,
    tensor,
    axis,
    index: axis === null ? "all" : ranges(indices),
    count: axis === null ? 1 : indices.length,
    reason,
  }));
  return {
    format: FORMAT,
    full: await digest(full),
    small: await digest(model),
    removed,
    replaced: replacements,
    ...(flushed > 0 && { flushed }),
  };
}
