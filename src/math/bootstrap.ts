/** Intervals of a statistic by resampling: the percentile bootstrap (Efron 1979), from a seeded stream. */
import { Random } from "./random.ts";

/** A number with what it lies between at 95 % confidence. */
export interface Interval {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

const RESAMPLES = 2000;
const TAIL = 0.025;

/**
 * A statistic of some values, with its 95 % interval. Of few values the interval is too narrow: six are the least that say something.
 * @param seed of the resampling: the same values have the same interval
 */
export function bootstrap<T>(values: readonly T[], statistic: (values: readonly T[]) => number, seed = 1): Interval {
  const random = new Random(seed, "bootstrap");
  const found = new Float64Array(RESAMPLES);
  for (let i = 0; i < RESAMPLES; i++) found[i] = statistic(values.map(() => values[random.int(values.length)]));
  found.sort();
  const at = (share: number) => found[Math.min(RESAMPLES - 1, Math.floor(share * RESAMPLES))];
  return { value: statistic(values), low: at(TAIL), high: at(1 - TAIL) };
}
