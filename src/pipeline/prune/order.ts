/** In which order channels go: the least important first, as long as every layer keeps its least share. */
import type { Member } from "../../groups/group-set.ts";
import type { PrunableSet } from "../../groups/prunable.ts";

/** A channel of a set. */
export interface Candidate {
  readonly set: PrunableSet;
  /** Index in the set's channels. */
  readonly at: number;
  readonly score: number;
}

/**
 * All channels that may go, in the order in which they do. Ties go by the place in the network. Each axis of each weight keeps
 * at least `least` of its channels, and one.
 * @param least in [0, 1]
 */
export function removalOrder(scores: ReadonlyMap<PrunableSet, Float64Array>, least: number): Candidate[] {
  const all = [...scores].flatMap(([set, own]) => [...own].map((score, at): Candidate => ({ set, at, score })));
  const rooms = new Map([...scores.keys()].map((set) => [set, roomsOf(set, least)]));
  return all
    .filter(({ score }) => Number.isFinite(score))
    .sort((a, b) => a.score - b.score) // stable
    .filter(({ set, at }) => take(rooms.get(set)!, at));
}

/** How many of an axis may still go. */
interface Room {
  left: number;
  /** How many of its indices a channel has. */
  readonly of: Int32Array;
}

const roomsOf = ({ channels, readers, makers }: PrunableSet, least: number): Room[] =>
  [...readers, ...makers].map((member) => {
    const of = indicesOf(member, channels.length);
    const all = member.axes.reduce((n, a) => n * member.view[a], 1);
    const each = Math.max(1, ...of); // where a channel has several indices, one of them is no layer
    return { of, left: all - Math.max(each, Math.ceil(least * all)) };
  });

function indicesOf({ view, axes, channels }: Member, count: number): Int32Array {
  if (!channels) return new Int32Array(axes.reduce((n, a) => n * view[a], 1)).fill(1);
  const found = new Int32Array(count);
  for (const c of channels) if (c >= 0) found[c]++;
  return found;
}

function take(rooms: readonly Room[], at: number): boolean {
  if (rooms.some((r) => r.of[at] > r.left)) return false;
  for (const r of rooms) r.left -= r.of[at];
  return true;
}

/**
 * The first n of an order, in each set so many fewer that its width stays a multiple of `roundTo`, the last ones back first; a set
 * that would lose none so stays whole.
 */
export function firstOf(order: readonly Candidate[], n: number, roundTo: number): Map<PrunableSet, number[]> {
  const found = new Map<PrunableSet, number[]>();
  for (const { set, at } of order.slice(0, n)) {
    const gone = found.get(set);
    if (gone) gone.push(at);
    else found.set(set, [at]);
  }
  if (roundTo > 1)
    for (const [set, gone] of found) {
      const over = (set.channels.length - gone.length) % roundTo;
      if (over > 0) gone.splice(Math.max(0, gone.length - (roundTo - over)));
    }
  return found;
}
