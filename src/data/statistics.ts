/** What is in a split: mean and standard deviation per channel, samples per class. */
import type { Split } from "./split.ts";

/**
 * Mean and (population) standard deviation per channel of samples `[N, C, H, W]`, or over everything when a sample
 * is not an image. uint8 is measured as x / 255. A constant channel gets std 1, so that dividing by it is harmless.
 */
export function channelStatistics(x: Split["x"], shape: readonly number[]): { mean: number[]; std: number[] } {
  const channels = shape.length === 3 ? shape[0] : 1;
  const plane = shape.reduce((a, b) => a * b, 1) / channels;
  const scale = x instanceof Uint8Array ? 255 : 1;
  const sum = new Float64Array(channels);
  const square = new Float64Array(channels);
  // Squares of differences from the first element: no cancellation when the mean is large.
  for (let start = 0, c = 0; start < x.length; start += plane, c = (c + 1) % channels) {
    const origin = x[c * plane];
    let s = 0;
    let q = 0;
    for (let i = start; i < start + plane; i++) {
      const d = x[i] - origin;
      s += d;
      q += d * d;
    }
    sum[c] += s;
    square[c] += q;
  }
  const n = x.length / channels;
  const mean = Array.from(sum, (s, c) => (x[c * plane] + s / n) / scale);
  const std = Array.from(square, (q, c) => Math.sqrt(Math.max(0, q / n - (sum[c] / n) ** 2)) / scale || 1);
  return { mean, std };
}

/** Number of samples of each class. */
export function classCounts(y: Int32Array, classes: number): number[] {
  const counts = new Array<number>(classes).fill(0);
  for (const label of y) if (label >= 0) counts[label]++;
  return counts;
}
