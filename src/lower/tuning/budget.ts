/** How long tuning may take. */

/** Seconds of tuning where nobody says more. */
export const SECONDS = 20;
/** Steps of a run that tuning may take as long as, where they are long: so many a comparison of whole steps needs. */
const STEPS = 20;
/** The share of a run that tuning may take. */
const SHARE = 0.05;

/**
 * Milliseconds that tuning may take: some seconds, or twenty steps where these take longer, but a twentieth of the run at most.
 * @param steps of the run, if they are known
 */
export function allowedMs(seconds: number, stepMs: number, steps = Number.POSITIVE_INFINITY): number {
  return Math.min(SHARE * steps * stepMs, Math.max(1000 * seconds, STEPS * stepMs));
}

/** Time that passes. */
export class Budget {
  private readonly begun = performance.now();
  /** Milliseconds that there are. */
  limit = Number.POSITIVE_INFINITY;

  get spent(): number {
    return performance.now() - this.begun;
  }

  /** Whether there is time for something more, and for so many milliseconds after it. */
  has(reserved = 0): boolean {
    return this.spent + reserved < this.limit;
  }
}
