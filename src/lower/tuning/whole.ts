/**
 * Whether a whole graph is faster by what its sites were found to prefer. A site that is timed alone misses what the runtime makes of
 * it together with its neighbours (an activation that a convolution takes along, tensors that are in the caches, a value that two
 * read), so that both are run as they would be, and the thresholds' choices stay where nothing is gained.
 */
import { type DeviceTensors, type Engine, withUploaded } from "../../engine/engine.ts";
import type { Graph } from "../../graph/types.ts";
import { median } from "../../math/statistics.ts";
import { encode } from "../../onnx/write.ts";
import { type FormulationPlan, lower } from "../lower.ts";
import { ordered } from "../order.ts";
import { fnv } from "../pattern.ts";
import type { Target } from "../target.ts";
import { timeOfRun } from "./clock.ts";
import type { SiteTrial } from "./tuning.ts";
import { drawn } from "./values.ts";

/** What the two are called in a trial. */
const TUNED = "tuned";
const USUAL = "thresholds";
/** The tuned graph is taken when it needs less than this share of the time. */
const GAIN = 0.99;
/** Turns of the two: so many at most, or until so many milliseconds have passed, but three at least. */
const TURNS = { most: 7, least: 3, ms: 4000 } as const;
/** Milliseconds of a turn, of which one run at least is timed. */
const TURN = 50;

/** A graph as it is lowered by one plan and by another. */
interface Two {
  /** What a trial of them is kept by: equal keys, equal graphs. */
  readonly key: string;
  readonly usual: Uint8Array;
  readonly tuned: Uint8Array;
  /** What a trial would say, where they are the same. */
  readonly same?: SiteTrial;
}

/** Both graphs. @param usual what the thresholds prefer */
export function twoOf(graph: Graph, target: Target, usual: FormulationPlan, tuned: FormulationPlan): Two {
  const bytesOf = (plan: FormulationPlan) => encode(ordered(lower(graph, target, plan)));
  const [a, b] = [bytesOf(usual), bytesOf(tuned)];
  const [first, second] = [fnv(a), fnv(b)];
  const same = a.length === b.length && first === second;
  return {
    key: `whole ${first} ${second}`,
    usual: a,
    tuned: b,
    ...(same && { same: { chosen: USUAL, preferred: USUAL, took: {} } }),
  };
}

/** Whether the tuned graph was found faster. */
export const gains = ({ chosen }: SiteTrial): boolean => chosen === TUNED;

/** Runs both by turns. They are loaded anew for each, as two of a large model at once may need more memory than there is. */
export async function wholeTrial(graph: Graph, { usual, tuned }: Two, engine: Engine): Promise<SiteTrial> {
  return withUploaded(engine, drawn(graph, 11), async (given) => {
    const times: Record<string, number[]> = { [USUAL]: [], [TUNED]: [] };
    const begun = performance.now();
    for (let turn = 0; turn < TURNS.most; turn++) {
      if (turn >= TURNS.least && performance.now() - begun > TURNS.ms) break;
      const both: [string, Uint8Array][] = [
        [USUAL, usual],
        [TUNED, tuned],
      ];
      for (const [name, bytes] of turn % 2 === 0 ? both : both.reverse())
        times[name].push(await ofTurn(engine, bytes, given));
    }
    const share = median(times[TUNED].map((ms, i) => ms / times[USUAL][i]));
    const took = { [USUAL]: median(times[USUAL]), [TUNED]: median(times[TUNED]) };
    return { chosen: share < GAIN ? TUNED : USUAL, preferred: USUAL, took };
  });
}

/** The least milliseconds of a few runs behind the first two, which ask for memory. */
async function ofTurn(engine: Engine, bytes: Uint8Array, given: DeviceTensors): Promise<number> {
  const session = await engine.load(bytes);
  try {
    for (let i = 0; i < 2; i++) await timeOfRun(engine, session, given);
    let least = Infinity;
    const begun = performance.now();
    do least = Math.min(least, await timeOfRun(engine, session, given));
    while (performance.now() - begun < TURN);
    return least;
  } finally {
    await session.release();
  }
}
