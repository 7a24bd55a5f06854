/** Statistics of a few numbers: mean, sample standard deviation, median. */

/** NaN of no values. */
export const mean = (xs: readonly number[]): number => xs.reduce((a, b) => a + b, 0) / xs.length;

/** With n − 1 in the denominator; null of fewer than two values. */
export function sampleDeviation(xs: readonly number[]): number | null {
  if (xs.length < 2) return null;
  const centre = mean(xs);
  return Math.sqrt(xs.reduce((sum, x) => sum + (x - centre) ** 2, 0) / (xs.length - 1));
}

/** The middle value, or the mean of the two in the middle; NaN of no values. */
export function median(xs: readonly number[]): number {
  const sorted = [...xs].sort((a, b) => a - b);
  const mid = sorted.length >> 1;
  return sorted.length % 2 ? sorted[mid] : (sorted[mid - 1] + sorted[mid]) / 2;
}
