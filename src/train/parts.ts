/** A batch in parts whose gradients are added up. */
import type { Batch } from "../data/batches.ts";
import { type Numbers, ofEach } from "../data/split.ts";

type Samples = Pick<Batch, "x" | "y" | "more" | "count" | "length">;

/** Samples of a batch that stand together. The arrays are the batch's own. */
export interface BatchPart extends Samples {
  /** Index in the batch of the first one. */
  readonly from: number;
}

/** The parts of these sizes, of a batch or of a part of one. */
export function partsOf(batch: Samples & Partial<Pick<BatchPart, "from">>, sizes: readonly number[]): BatchPart[] {
  let from = 0;
  return sizes.map((count) => {
    const rows = <T extends Numbers>(of: T): T => {
      const width = of.length / batch.count;
      return of.subarray(from * width, (from + count) * width) as T;
    };
    const part = {
      ...ofEach(batch, rows),
      count,
      from: (batch.from ?? 0) + from,
      ...(batch.length !== undefined && { length: batch.length }),
    };
    from += count;
    return part;
  });
}
