/**
 * The way to a time: layers become narrower in the order that the table says, until the model, measured as a whole, takes no longer than
 * asked; then the last layer that became narrower gets back what costs no time that is wanted.
 */
import { EspalierError } from "../../error.ts";
import type { Model } from "../../graph/types.ts";
import type { PrunableSet } from "../../groups/prunable.ts";
import { reduce } from "../../shrink/apply.ts";
import { type Candidate, removalOrder } from "../prune/order.ts";
import type { Ranking } from "../prune/rank.ts";
import { withoutChannels } from "../prune/zeroed.ts";
import { CLOSE_LOOK, type LatencyMeter, LOOK } from "./meter.ts";
import { goneAfter, lossesOf, movesOf, type Narrowing, type SetTimes } from "./path.ts";
import type { LatencyTable } from "./table.ts";

/** What is wanted of a model's time. */
export interface WantedShare {
  readonly meter: LatencyMeter;
  readonly table: LatencyTable;
  /** Of the whole model's time. */
  readonly share: number;
  /** The share of its channels that every layer keeps at least. */
  readonly least: number;
  readonly onTried?: (tried: LatencyTried) => void;
}

/** So many channels were gone, and the model took this share of its time. */
export interface LatencyTried {
  readonly removed: number;
  readonly of: number;
  readonly share: number;
}

/** What comes this near is looked at closely, since the cut hangs on which side it lies. */
const CLOSE = 0.1;
/** A result this far below what was asked for is as good as it. */
const NEAR = 0.98;
/** Farther below, other ways are tried. */
const NEAR_ENOUGH = 0.95;
/** How many. */
const WAYS_ON = 3;

/** The table's rows by the sets of the model that it was measured on, or of one with the same channels. */
function timesOf(table: LatencyTable, sets: readonly PrunableSet[]): Map<PrunableSet, SetTimes> {
  if (
    sets.length !== table.rows.length ||
    sets.some((s, i) => s.name !== table.rows[i].name || s.channels.length !== table.rows[i].widths[0])
  )
    throw new EspalierError(
      "mismatch",
      "the table of times is of another model",
      { got: table.rows.map((r) => `${r.name} ${r.widths[0]}`).join(", ") },
      "measure it of this one (latencyTable), with the same freeze and groups",
    );
  return new Map(sets.map((set, i) => [set, table.rows[i]]));
}

/** The moves of a model, and what is left of its time after some. */
function courseOf(model: Model, ranking: Ranking, wanted: WantedShare) {
  const { sets, scores, analysis, means, absolute } = ranking;
  const { meter, table, least, onTried } = wanted;
  const orders = ordersOf(scores, least);
  const losses = new Map([...orders].map(([set, order]) => [set, lossesOf(scores.get(set)!, order, absolute)]));
  const moves = movesOf(timesOf(table, sets), losses);
  const of = [...orders.values()].reduce((n, order) => n + order.length, 0);
  const channels = (gone: ReadonlyMap<PrunableSet, number>) =>
    new Map(
      [...gone].map(([set, n]) => [
        set,
        orders
          .get(set)!
          .slice(0, n)
          .map(({ at }) => at),
      ]),
    );
  const shareOf = async (gone: ReadonlyMap<PrunableSet, number>): Promise<number> => {
    const small = reduce(withoutChannels(model, analysis, channels(gone), means)).model;
    const [glanced] = (await meter.measure(model, [small], LOOK)).shares;
    const close = Math.abs(glanced / wanted.share - 1) < CLOSE;
    const share = close ? (await meter.measure(model, [small], CLOSE_LOOK)).shares[0] : glanced;
    onTried?.({ removed: [...gone.values()].reduce((a, b) => a + b, 0), of, share });
    return share;
  };
  const lost = (gone: ReadonlyMap<PrunableSet, number>): number =>
    [...gone].reduce((sum, [set, n]) => sum + losses.get(set)![n], 0);
  return { moves, channels, shareOf, lost };
}

/**
 * The share of the time that is left when all is gone that saves time.
 * @throws EspalierError when that is more than is wanted
 */
async function fastestShare(
  { moves, shareOf }: ReturnType<typeof courseOf>,
  { table, share, least }: WantedShare,
): Promise<number> {
  const fastest = moves.length > 0 ? await shareOf(goneAfter(moves)) : 1;
  if (fastest <= share) return fastest;
  throw new EspalierError(
    "out-of-range",
    "the model cannot be made so fast",
    {
      got: `${(fastest * table.ms).toPrecision(3)} ms, ${fastest.toPrecision(3)} of its time, with all gone that saves time`,
      wanted: `${(share * table.ms).toPrecision(3)} ms, ${share.toPrecision(3)}`,
      on: table.of,
    },
    least > 0 ? "ask for more time, or let layers keep fewer channels (a smaller least)" : "ask for more time",
  );
}

/** @throws EspalierError when a model does not get so fast, which says how far it comes */
export async function checkReachable(model: Model, ranking: Ranking, wanted: WantedShare): Promise<void> {
  await fastestShare(courseOf(model, ranking, wanted), wanted);
}

/** A cut that is fast enough. */
interface Found {
  readonly gone: Map<PrunableSet, number>;
  readonly share: number;
  /** The importance of all that goes. */
  readonly lost: number;
}

/**
 * Which channels go. Where the last move goes far beyond the time that is wanted, as the stairs of a wide layer do, the ways on without
 * it are tried too, and the one that gives up the least importance is taken.
 * @throws EspalierError when it does not get so fast, which says how far it came
 */
export async function reachLatency(
  model: Model,
  ranking: Ranking,
  wanted: WantedShare,
): Promise<Map<PrunableSet, readonly number[]>> {
  const course = courseOf(model, ranking, wanted);
  const fastest = await fastestShare(course, wanted);
  let { found, last } = await along(course, course.moves, fastest, wanted.share);
  let moves = course.moves;
  for (let i = 0; i < WAYS_ON && last && found.share < wanted.share * NEAR_ENOUGH; i++) {
    const { set, from } = last;
    moves = moves.filter((move) => move.set !== set || move.to <= from);
    const end = moves.length > 0 ? await course.shareOf(goneAfter(moves)) : 1;
    if (end > wanted.share) break;
    const other = await along(course, moves, end, wanted.share);
    if (other.found.lost < found.lost) found = other.found;
    last = other.last;
  }
  return course.channels(found.gone);
}

/**
 * The first moves that are enough, with what may come back given back.
 * @param fastest the share of the time after all of them, which is enough
 */
async function along(
  { shareOf, lost }: ReturnType<typeof courseOf>,
  moves: readonly Narrowing[],
  fastest: number,
  share: number,
): Promise<{ readonly found: Found; readonly last: Narrowing | undefined }> {
  let [slow, enough, reached] = [0, moves.length, fastest];
  while (enough - slow > 1) {
    const middle = (slow + enough) >> 1;
    const found = await shareOf(goneAfter(moves.slice(0, middle)));
    if (found <= share) [enough, reached] = [middle, found];
    else slow = middle;
  }
  const taken = moves.slice(0, enough);
  const gone = goneAfter(taken);
  for (const { set, from, to } of [...taken].reverse().slice(0, RETRIED)) {
    if (reached > share * NEAR) break;
    if (gone.get(set) !== to) continue;
    reached = await giveBack(gone, set, from, { share, reached, shareOf });
  }
  return { found: { gone, share: reached, lost: lost(gone) }, last: taken.at(-1) };
}

/** The table's rows of those sets that it has: what a run does not train is in no row. */
export const knownTimes = (table: LatencyTable, sets: readonly PrunableSet[]): Map<PrunableSet, SetTimes> =>
  new Map(
    sets.flatMap((set) => {
      const row = table.rows.find((r) => r.name === set.name && r.widths[0] === set.channels.length);
      return row ? [[set, row] as const] : [];
    }),
  );

/** Of how many of the last moves channels come back where more time is left than was asked for. */
const RETRIED = 3;
/** How often the width between two steps is halved. */
const HALVINGS = 6;

/** Gives a set back as many channels as the time allows. */
async function giveBack(
  gone: Map<PrunableSet, number>,
  set: PrunableSet,
  from: number,
  at: {
    readonly share: number;
    readonly reached: number;
    shareOf(gone: ReadonlyMap<PrunableSet, number>): Promise<number>;
  },
): Promise<number> {
  let { reached } = at;
  let [slow, enough] = [from, gone.get(set)!];
  for (let i = 0; i < HALVINGS && enough - slow > 1 && reached <= at.share * NEAR; i++) {
    const middle = (slow + enough) >> 1;
    const found = await at.shareOf(new Map(gone).set(set, middle));
    if (found <= at.share) {
      [enough, reached] = [middle, found];
      gone.set(set, middle);
    } else slow = middle;
  }
  return reached;
}

/** Of each set the channels that may go, the least important first. */
function ordersOf(
  scores: ReadonlyMap<PrunableSet, Float64Array>,
  least: number,
): Map<PrunableSet, readonly Candidate[]> {
  return new Map([...scores].map(([set, own]) => [set, removalOrder(new Map([[set, own]]), least)]));
}
