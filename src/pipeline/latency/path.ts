/**
 * In which order layers become narrower: at each move what gives up the least for the time that it saves. A layer's moves lie on
 * the upper hull of (what the layer gives up, time that is saved) over its measured widths, so that each saves less for
 * it than the one before; widths below it, which save nothing, are no moves: those are the stairs.
 */
import type { PrunableSet } from "../../groups/prunable.ts";
import type { ChannelTime } from "../../prox/time-weights.ts";
import type { Candidate } from "../prune/order.ts";
import type { LatencyTable } from "./table.ts";

/** Times of a model in which one set has other widths, as shares of the whole model's. */
export interface SetTimes {
  /** How many channels stay, falling; the first is all of them. */
  readonly widths: readonly number[];
  readonly shares: readonly number[];
}

/** One set becomes narrower. */
export interface Narrowing {
  readonly set: PrunableSet;
  /** How many of its channels are gone before and after. */
  readonly from: number;
  readonly to: number;
}

/** What saves less than this share of the time is noise. */
const LEAST_SAVED = 0.004;

/**
 * What each channel saves, on average down to the narrowest width that was timed: single stairs are the cut's. Where that is lost in
 * noise, as much as could be noise.
 */
export const channelTimes = ({ ms, rows }: LatencyTable): ChannelTime[] =>
  rows.flatMap(({ name, widths, shares }) => {
    const gone = widths[0] - widths.at(-1)!;
    const saved = ms * Math.max(LEAST_SAVED, 1 - shares.at(-1)!);
    return gone > 0 ? [{ name, channels: widths[0], ms: saved / gone }] : [];
  });

/**
 * All moves, the best first.
 * @param losses of each set what it gives up with the first 0, 1, … channels that may go
 */
export function movesOf(
  times: ReadonlyMap<PrunableSet, SetTimes>,
  losses: ReadonlyMap<PrunableSet, readonly number[]>,
): Narrowing[] {
  const all = [...times].flatMap(([set, { widths, shares }]) => {
    const lost = losses.get(set) ?? [0];
    const points = widths.flatMap((w, i): Point[] => {
      const gone = widths[0] - w;
      return gone < lost.length ? [{ gone, cost: lost[gone], saves: 1 - shares[i] }] : [];
    });
    return hull(points).map((move) => ({ set, ...move }));
  });
  return all.sort((a, b) => b.slope - a.slope).map(({ set, from, to }) => ({ set, from, to })); // stable
}

/**
 * What a layer gives up with the first 0, 1, … of its channels: −log of the share of its importance that is left. By single channels a
 * narrow layer would be emptied for its time before a wide one loses anything; so half of either costs as much, and the last channels the most.
 * Where scores of different layers compare, times the layer's importance.
 * @param scores of all its channels @param order those that may go
 */
export function lossesOf(scores: Float64Array, order: readonly Candidate[], absolute = false): number[] {
  const total = scores.reduce((sum, s) => sum + (Number.isFinite(s) ? Math.max(0, s) : 0), 0);
  const losses = [0];
  let left = total;
  for (const { score } of order) {
    left -= Math.max(0, score);
    losses.push(total > 0 ? -Math.log(Math.max(LEAST_LEFT, left / total)) * (absolute ? total : 1) : 0);
  }
  return losses;
}

/** Of a layer whose importance is all gone. */
const LEAST_LEFT = 1e-6;

interface Point {
  readonly gone: number;
  readonly cost: number;
  readonly saves: number;
}

/** From the first point by the steepest way to the highest. @param points by rising cost */
function hull(points: readonly Point[]) {
  const edges: { readonly from: number; readonly to: number; readonly slope: number }[] = [];
  for (let at = 0; ; ) {
    let best: { readonly to: number; readonly slope: number } | undefined;
    for (let to = at + 1; to < points.length; to++) {
      const saves = points[to].saves - points[at].saves;
      const slope = saves / Math.max(1e-12, points[to].cost - points[at].cost);
      if (saves > LEAST_SAVED && (!best || slope > best.slope)) best = { to, slope };
    }
    if (!best) return edges;
    edges.push({ from: points[at].gone, to: points[best.to].gone, slope: best.slope });
    at = best.to;
  }
}

/** How many channels of each set are gone after some moves. */
export function goneAfter(moves: readonly Narrowing[]): Map<PrunableSet, number> {
  const gone = new Map<PrunableSet, number>();
  for (const { set, to } of moves) gone.set(set, to);
  return gone;
}

/** The share of the time that is left, by the table, where so many channels of each set are gone; between widths as if time fell evenly. */
export function expectedShare(
  times: ReadonlyMap<PrunableSet, SetTimes>,
  gone: ReadonlyMap<PrunableSet, number>,
): number {
  let share = 1;
  for (const [set, { widths, shares }] of times) {
    const width = widths[0] - (gone.get(set) ?? 0);
    const below = widths.findIndex((w) => w <= width);
    const i = below === -1 ? widths.length - 1 : below;
    const part = i === 0 || width <= widths[i] ? 0 : (width - widths[i]) / (widths[i - 1] - widths[i]);
    share *= Math.min(1, shares[i] * (1 - part) + (i === 0 ? 0 : shares[i - 1] * part));
  }
  return share;
}
