/** Which samples of a batch one of several computes. */

/** One of those who share every batch. */
export interface BatchSharing {
  /** Which one, from 0. */
  readonly rank: number;
  /** How many there are. */
  readonly size: number;
  /** Samples of one that has some: where a batch is too small for all, the last ones have none. */
  readonly least: number;
}

/** Samples of a batch that stand together. */
export interface Share {
  /** Index in the batch of the first one. */
  readonly from: number;
  readonly count: number;
}

/**
 * Sizes of the parts of a batch, as even as can be.
 * @param most parts, ≥ 1
 * @param least samples of a part, where the batch has as many
 */
export function partSizes(count: number, most: number, least: number): number[] {
  const n = Math.max(1, Math.min(most, Math.floor(count / least)));
  const start = (i: number) => Math.floor((i * count) / n);
  return Array.from({ length: n }, (_, i) => start(i + 1) - start(i));
}

/** The samples of one of those who share a batch: theirs in the order of the ranks are the batch. */
export function shareAt(count: number, { rank, size, least }: BatchSharing): Share {
  const sizes = partSizes(count, size, least);
  const from = sizes.slice(0, rank).reduce((sum, n) => sum + n, 0);
  return { from, count: sizes[rank] ?? 0 };
}
