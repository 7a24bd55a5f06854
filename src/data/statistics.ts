/** What is in a split: mean and standard deviation per channel, samples per class. */
import { samplesAt } from "./source.ts";
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

/** So many samples of a source are read for its statistics. */
const MEASURED = 256;

/**
 * `channelStatistics` of a split: over all samples that are in memory, over 256 evenly spread ones of those that must be read.
 * @returns with `of`, the number of samples that were measured, where these are not all
 */
export async function splitStatistics(
  split: Split,
  shape: readonly number[],
): Promise<{ mean: number[]; std: number[]; of?: number }> {
  if (!split.source) return channelStatistics(split.x, shape);
  const of = Math.min(split.count, MEASURED);
  const some = Uint32Array.from({ length: of }, (_, i) => Math.floor((i * split.count) / of));
  const { x } = await samplesAt(split, some, 0, of);
  return { ...channelStatistics(x, shape), of };
}

/** Number of samples of each class. */
export function classCounts(y: Int32Array, classes: number): number[] {
  const counts = new Array<number>(classes).fill(0);
  for (const label of y) if (label >= 0) counts[label]++;
  return counts;
}
