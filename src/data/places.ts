/**
 * Samples of differing lengths — texts — in arrays of one length: batches are made of samples of about the same length, and filled up
 * to one of a few lengths only, so that little is computed for nothing and few graphs are compiled.
 */
import { Random } from "../math/random.ts";
import type { Split } from "./split.ts";

/** What of a data set has a row for each place of a sample, and the lengths that batches of it have. */
export interface SamplePlaces {
  /** Ascending; the last is that of the arrays. */
  readonly lengths: readonly number[];
  /** Whether x and y are such arrays, and which further ones are. */
  readonly x: boolean;
  readonly y: boolean;
  readonly more: readonly string[];
}

/** Lengths are multiples of this, which kernels like; but for the longest. */
const STEP = 8;
/** More lengths are not worth their graphs. */
const MOST = 6;
/** Fewer are enough where no larger share of the places is filling. */
const ENOUGH = 0.1;

/**
 * The few lengths for samples of these lengths at which least is filled up.
 * @param longest of the arrays
 */
export function fewLengths(lengths: Int32Array, longest: number): number[] {
  const counts = new Map<number, number>();
  let real = 0;
  for (const n of lengths) {
    const to = Math.min(longest, Math.ceil(n / STEP) * STEP);
    counts.set(to, (counts.get(to) ?? 0) + 1);
    real += n;
  }
  if (!counts.has(longest)) counts.set(longest, 0);
  const steps = [...counts.keys()].sort((a, b) => a - b);
  let best: number[] = [longest];
  for (let most = 1; most <= Math.min(MOST, steps.length); most++) {
    best = bestOf(steps, counts, most);
    if (filled(best, counts, real) <= ENOUGH) break;
  }
  return best;
}

/** The share of places that are filled up. */
function filled(lengths: readonly number[], counts: ReadonlyMap<number, number>, real: number): number {
  let all = 0;
  for (const [n, count] of counts) all += count * lengths.find((l) => l >= n)!;
  return all === 0 ? 0 : 1 - real / all;
}

/** The `most` of some lengths, the last among them, at which samples have the fewest places: by the cheapest way to each. */
function bestOf(steps: readonly number[], counts: ReadonlyMap<number, number>, most: number): number[] {
  const before = [0];
  for (const n of steps) before.push(before[before.length - 1] + counts.get(n)!);
  let ways = steps.map((n, i) => ({ cost: n * before[i + 1], lengths: [n] }));
  for (let round = 1; round < most; round++)
    ways = steps.map((n, i) => {
      let best = ways[i];
      for (let j = 0; j < i; j++) {
        const cost = ways[j].cost + n * (before[i + 1] - before[j + 1]);
        if (cost < best.cost) best = { cost, lengths: [...ways[j].lengths, n] };
      }
      return best;
    });
  return ways[ways.length - 1].lengths;
}

/** Where a batch stands in an order of samples, and how many places its samples have. */
export interface Stretch {
  readonly start: number;
  readonly count: number;
  readonly length: number;
}

/**
 * The order of an epoch's samples and its batches: by length, else as they were, and cut into batches; each has the length of its longest.
 * Where the data is shuffled the batches are, too, by (seed, epoch) alone.
 * @param order of the epoch. Default: of the data
 * @param sizes of the batches
 */
export function byLength(
  { lengths, count }: Pick<Split, "lengths" | "count">,
  places: SamplePlaces,
  order: Uint32Array | undefined,
  sizes: readonly number[],
  drawn?: { readonly seed: number; readonly epoch: number },
): { readonly order: Uint32Array; readonly batches: readonly Stretch[] } {
  const bucket = (sample: number): number =>
    lengths ? places.lengths.findIndex((l) => l >= lengths[sample]) : places.lengths.length - 1;
  const buckets = places.lengths.map((): number[] => []);
  for (let i = 0; i < count; i++) {
    const sample = order ? order[i] : i;
    buckets[bucket(sample)].push(sample);
  }
  const sorted = Uint32Array.from(buckets.flat());
  let start = 0;
  const batches = sizes.map((count) => {
    const last = sorted[start + count - 1];
    const stretch = { start, count, length: places.lengths[bucket(last)] };
    start += count;
    return stretch;
  });
  if (!drawn) return { order: sorted, batches };
  const shuffled = new Random(drawn.seed, "shuffle", drawn.epoch, 1).permutation(batches.length);
  return { order: sorted, batches: Array.from(shuffled, (i) => batches[i]) };
}

/** The batches of an order that stays: each has the length of its longest. */
export function asGiven(
  { lengths }: Pick<Split, "lengths">,
  places: SamplePlaces,
  order: Uint32Array | undefined,
  sizes: readonly number[],
): Stretch[] {
  let start = 0;
  return sizes.map((count) => {
    let longest = 1;
    for (let i = start; i < start + count; i++)
      longest = Math.max(longest, lengths?.[order ? order[i] : i] ?? Infinity);
    start += count;
    return { start: start - count, count, length: places.lengths.find((l) => l >= longest) ?? places.lengths.at(-1)! };
  });
}

type Arrays = Pick<Split, "x" | "y" | "more">;

/** The first `length` places of samples that have more. */
export function shortened<S extends Arrays & Pick<Split, "count">>(
  samples: S,
  places: SamplePlaces,
  length: number,
): S {
  const longest = places.lengths[places.lengths.length - 1];
  if (length === longest) return samples;
  const cut = <T extends Split["x"] | Split["y"]>(of: T): T => {
    const width = of.length / samples.count;
    const kept = (width / longest) * length;
    const to = new (of.constructor as new (n: number) => T)(samples.count * kept);
    for (let i = 0; i < samples.count; i++) to.set(of.subarray(i * width, i * width + kept), i * kept);
    return to;
  };
  const { x, y, more } = samples;
  const rest =
    more &&
    Object.fromEntries(Object.entries(more).map(([name, of]) => [name, places.more.includes(name) ? cut(of) : of]));
  return { ...samples, x: places.x ? cut(x) : x, y: places.y ? cut(y) : y, ...(rest && { more: rest }) };
}
