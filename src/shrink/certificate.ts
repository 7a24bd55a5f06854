/** Shrinking with its evidence. */
import type { Model } from "../graph/types.ts";
import { type Certificate, digest, FORMAT, ranges } from "../proof/certificate.ts";
import { reduce } from "./apply.ts";

/** Shrinks without verification, and says what went. */
export async function certify(full: Model, roundTo = 1): Promise<{ model: Model; certificate: Certificate }> {
  const { model, removals, replacements } = reduce(full, roundTo);
  const removed = removals.map(({ step, tensor, axis, indices, reason }) => ({
    step,
    tensor,
    axis,
    index: axis === null ? "all" : ranges(indices),
    count: axis === null ? 1 : indices.length,
    reason,
  }));
  const certificate: Certificate = {
    format: FORMAT,
    full: await digest(full),
    small: await digest(model),
    removed,
    replaced: replacements,
  };
  return { model, certificate };
}
