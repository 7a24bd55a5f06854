/**
 * Whether a whole graph is faster by what its sites were found to prefer. A site that is timed alone misses what the runtime makes of
 * it together with its neighbours (an activation that a convolution takes along, tensors that are in the caches, a value that two
 * read), so that both are run as they would be, and the thresholds' choices stay where nothing is gained.
 */
import type { DeviceTensors, Engine, Session } from "../../engine/engine.ts";
import type { Graph } from "../../graph/types.ts";
import { median } from "../../math/statistics.ts";
import { encode } from "../../onnx/write.ts";
import { type FormulationPlan, lower } from "../lower.ts";
import { MUCH, ordered, peakMemory } from "../order.ts";
import { fnv } from "../pattern.ts";
import type { Target } from "../target.ts";
import { timeOfRun } from "./clock.ts";
import type { SiteTrial } from "./tuning.ts";

/** What the two are called in a trial. */
const TUNED = "tuned";
const USUAL = "thresholds";
/** The tuned graph is taken when it needs less than this share of the time, and is the faster one in so many of its turns. */
const GAIN = 0.98;
const WINS = 0.75;
/**
 * Turns of the two: so many at most; five at least, or three of long runs, and then until it is sure which is faster, or nothing is
 * gained after so many milliseconds.
 */
const TURNS = { most: 15, least: 5, long: 3, ms: 3000 } as const;
/** Milliseconds of a turn, of which one run at least is timed. */
const TURN = 30;
/** Milliseconds of a run that is long; of such a one the second counts, as it takes its memory in a small part of them. */
const LONG = 1000;
/** Sessions of both that are loaded at once take at most so many times what one keeps. */
const BOTH = 5;

/** A graph as it is lowered by a plan, to be run by turns with another. */
export class WholeGraph {
  /** Equal, where graphs are. */
  readonly hash: string;
  /** Bytes that its values take at most. */
  readonly peak: number;
  private readonly bytes: Uint8Array;
  private session: Session | undefined;

  constructor(graph: Graph, target: Target, plan: FormulationPlan) {
    const lowered = lower(graph, target, plan);
    this.peak = peakMemory(lowered);
    this.bytes = encode(this.peak > MUCH ? ordered(lowered) : lowered);
    this.hash = fnv(this.bytes);
  }

  /** Loads it unless it is loaded. @returns the least milliseconds of a few runs behind the first ones, which ask for memory */
  async turn(engine: Engine, given: DeviceTensors): Promise<number> {
    if (!this.session) {
      this.session = await engine.load(this.bytes, this.peak > MUCH ? { memory: "less" } : {});
      const first = await timeOfRun(engine, this.session, given);
      if (first < LONG) await timeOfRun(engine, this.session, given);
    }
    let least = Number.POSITIVE_INFINITY;
    const begun = performance.now();
    do least = Math.min(least, await timeOfRun(engine, this.session, given));
    while (performance.now() - begun < TURN);
    return least;
  }

  async close(): Promise<void> {
    const { session } = this;
    this.session = undefined;
    await session?.release();
  }
}

/** Whether there is memory for two sessions of a graph at once. */
export const haveRoom = (engine: Engine, { peak }: WholeGraph): boolean =>
  (engine.available?.() ?? Number.POSITIVE_INFINITY) > BOTH * peak;

/** Whether the tuned graph was found faster. */
export const gains = ({ chosen }: SiteTrial): boolean => chosen === TUNED;

/** What a trial says of two graphs of which nothing is to be seen: they are equal, or there was no time. */
export const notCompared: SiteTrial = { chosen: USUAL, preferred: USUAL, took: {} };

/** Milliseconds that turns of two graphs take at least, of which one needs so many. */
export const comparing = (stepMs: number): number => (2 * leastOf(stepMs) + 3) * Math.max(stepMs, TURN);

const leastOf = (stepMs: number): number => (stepMs < LONG ? TURNS.least : TURNS.long);

/** Runs both by turns, until it is sure which is faster. @param goesOn whether there is time for another turn */
export async function wholeTrial(
  engine: Engine,
  [usual, tuned]: readonly [WholeGraph, WholeGraph],
  given: DeviceTensors,
  goesOn: () => boolean,
): Promise<SiteTrial> {
  const room = haveRoom(engine, tuned);
  const times = { [USUAL]: [] as number[], [TUNED]: [] as number[] };
  const shares = () => times[TUNED].map((ms, i) => ms / times[USUAL][i]);
  const begun = performance.now();
  for (let turn = 0; turn < TURNS.most; turn++) {
    if (turn > 0 && turn >= leastOf(median(times[USUAL]))) {
      const all = shares();
      const gained = median(all) < GAIN;
      const isSure = gained ? all.every((x) => x < 1) : all.every((x) => x > 1);
      if (isSure || !goesOn() || (!gained && performance.now() - begun > TURNS.ms)) break;
    }
    const both = [
      [USUAL, usual],
      [TUNED, tuned],
    ] as const;
    for (const [name, side] of turn % 2 === 0 ? both : both.toReversed()) {
      times[name].push(await side.turn(engine, given));
      if (!room) await side.close();
    }
  }
  const wins = shares().filter((x) => x < 1).length / shares().length;
  const gained = median(shares()) < GAIN && wins >= WINS;
  const took = { [USUAL]: median(times[USUAL]), [TUNED]: median(times[TUNED]) };
  return { chosen: gained ? TUNED : USUAL, preferred: USUAL, took };
}
