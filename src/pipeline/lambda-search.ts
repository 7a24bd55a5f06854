/** "How do I choose λ?" — a search over full training runs for the λ that keeps a wanted share of the parameters. */

import { checkInteger } from "../checks.ts";
import { EspalierError, UsageError } from "../error.ts";
import { aFunction, anObject, wants } from "../given.ts";

/** One λ that was tried. */
export interface Trial {
  readonly lambda: number;
  /** Parameters after shrinking / before; null = training diverged. */
  readonly kept: number | null;
}

/** A trial that came to its end. */
export interface FinishedTrial extends Trial {
  readonly kept: number;
}

/** How many runs a search makes, when nothing is said. */
export const MAX_TRIALS = 8;

/** Options of `searchLambda`. */
export interface SearchOptions {
  /** Wanted share of parameters kept, in (0, 1). */
  readonly target: number;
  /** First λ, > 0. Default 1e-4. */
  readonly start?: number;
  /** Accept a trial whose share differs from the target by at most this part of it, ≥ 0. Default 0.15. */
  readonly tolerance?: number;
  /** The search ends after so many runs, ≥ 1, whatever they came to. Default 8. */
  readonly maxTrials?: number;
}

/**
 * Brackets the target by factors of 4, then halves the bracket on a logarithmic scale. Every trial is a whole run, since
 * sparsity at the end cannot be read off its beginning.
 * @param attempt trains with λ and says how much is kept, or null when training diverged: λ then counts as too large
 * @returns all trials, the best (nearest to the target, ties to the smaller model) first, diverged ones last
 * @throws UsageError for options out of range; EspalierError when every trial diverged
 */
export async function searchLambda(
  attempt: (lambda: number) => Promise<number | null>,
  options: SearchOptions,
): Promise<[FinishedTrial, ...Trial[]]> {
  wants("searchLambda", ["attempt", aFunction, attempt], ["options", anObject, options]);
  const { target, start = 1e-4, tolerance = 0.15, maxTrials = MAX_TRIALS } = options;
  if (!(target > 0 && target < 1))
    throw new UsageError("out-of-range", "the target is out of range", { got: target, wanted: "(0, 1)" });
  if (!(start > 0 && Number.isFinite(start)))
    throw new UsageError("out-of-range", "the first lambda is out of range", { got: start, wanted: "> 0" });
  if (!(tolerance >= 0 && Number.isFinite(tolerance)))
    throw new UsageError("out-of-range", "the tolerance is out of range", { got: tolerance, wanted: "a number ≥ 0" });
  checkInteger("maxTrials", maxTrials, 1);
  const finished: FinishedTrial[] = [];
  const diverged: Trial[] = [];
  let low: number | undefined; // keeps too much
  let high: number | undefined; // keeps too little
  let lambda = start;
  while (finished.length + diverged.length < maxTrials) {
    const kept = await attempt(lambda);
    if (kept === null) diverged.push({ lambda, kept });
    else finished.push({ lambda, kept });
    if (kept !== null && Math.abs(kept / target - 1) <= tolerance) break;
    if (kept !== null && kept > target) low = lambda;
    else high = lambda;
    lambda = low === undefined ? high! / 4 : high === undefined ? low * 4 : Math.sqrt(low * high);
  }
  const distance = ({ kept }: FinishedTrial) => Math.abs(Math.log(Math.max(kept, 1e-9) / target));
  const [best, ...others] = finished.sort((a, b) => distance(a) - distance(b) || a.kept - b.kept);
  if (!best)
    throw new EspalierError(
      "not-finite",
      "training diverged with every lambda",
      { tried: diverged.map((t) => t.lambda.toPrecision(4)).join(", ") },
      "use a smaller lr, a warm-up, or normalized inputs",
    );
  return [best, ...others, ...diverged];
}
