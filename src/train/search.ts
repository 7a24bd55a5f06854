/** "How do I choose λ?" — a search over full training runs for the λ that keeps a wanted share of the parameters. */
import { UsageError } from "../error.ts";

/** One λ that was tried. */
export interface Trial {
  readonly lambda: number;
  /** Parameters after shrinking / before. */
  readonly kept: number;
}

/** Options of `searchLambda`. */
export interface SearchOptions {
  /** Wanted share of parameters kept, in (0, 1). */
  readonly target: number;
  /** First λ. Default 1e-4. */
  readonly start?: number;
  /** Accept a trial within this factor of the target. Default 0.15. */
  readonly tolerance?: number;
  /** Default 8. */
  readonly maxTrials?: number;
}

/**
 * Brackets the target by factors of 4, then halves the bracket on a logarithmic scale. Every trial is a whole run, since
 * sparsity at the end cannot be read off its beginning.
 * @param attempt trains with λ and says how much is kept
 * @returns all trials, the best (nearest to the target, ties to the smaller model) first
 */
export async function searchLambda(
  attempt: (lambda: number) => Promise<number>,
  { target, start = 1e-4, tolerance = 0.15, maxTrials = 8 }: SearchOptions,
): Promise<Trial[]> {
  if (!(target > 0 && target < 1))
    throw new UsageError("the target is out of range", { got: target, wanted: "(0, 1)" });
  const trials: Trial[] = [];
  let low: number | undefined; // keeps too much
  let high: number | undefined; // keeps too little
  let lambda = start;
  while (trials.length < maxTrials) {
    const kept = await attempt(lambda);
    trials.push({ lambda, kept });
    if (Math.abs(kept / target - 1) <= tolerance) break;
    if (kept > target) low = lambda;
    else high = lambda;
    lambda = low === undefined ? high! / 4 : high === undefined ? low * 4 : Math.sqrt(low * high);
  }
  const distance = ({ kept }: Trial) => Math.abs(Math.log(Math.max(kept, 1e-9) / target));
  return trials.sort((a, b) => distance(a) - distance(b) || a.kept - b.kept);
}
