/**
 * One site's formulations on the machine that runs them. First each by itself, what the thresholds prefer before all: whether it is
 * right, and about how long it takes; what a first run shows to be slow is run no more. Then the fast ones by turns: what was timed one
 * after the other differs by what the machine did meanwhile, and what runs again at once finds its tensors in the caches as it would not
 * within a step.
 */
import { type DeviceTensors, type Engine, type Session, withUploaded } from "../../engine/engine.ts";
import type { Graph } from "../../graph/types.ts";
import { median } from "../../math/statistics.ts";
import { encode } from "../../onnx/write.ts";
import { lower, preferenceOf } from "../lower.ts";
import { keyOf, PLAIN, type Site } from "../pattern.ts";
import { extract, formulationsOf, patternOf } from "../sites.ts";
import type { Target } from "../target.ts";
import { timeOfRun, timeOfWork } from "./clock.ts";
import type { SiteTrial } from "./tuning.ts";
import { type Arrays, distanceOf, drawn } from "./values.ts";

/** How far a formulation's values may be from the plain one's: other orders of summation, no more. */
const TOLERANCE = 1e-4;
/** A formulation is chosen over the preferred one when it takes less than this share of its time. */
const GAIN = 0.95;
/** How much slower than the fastest a formulation may be and still take turns. */
const NEAR = 1.25;
/** How much slower than that a first run may be: it asks for its memory, and can take four times a later one. */
const FAR = 4;
/** Runs until a session has its memory: the first takes it piece by piece, the second in one block. */
const WARM = 2;
/** Formulations that take turns beside the preferred one. */
const MOST = 2;
/** Turns: so many at most, or until so many milliseconds have passed, but three at least. */
const TURNS = { most: 9, least: 3, ms: 60 } as const;

/** Names of the formulations of a site that are timed, the plain one first; it alone where nothing is to be chosen by times. */
export function timedOf(site: Site, target: Target): string[] {
  const pattern = patternOf(site);
  return Object.values(pattern).some((f) => f.passes) ? [PLAIN] : formulationsOf(site, target);
}

/** A formulation that was run, and is still loaded. */
interface Tried {
  readonly name: string;
  readonly session: Session;
  /** The least of its runs, in milliseconds. */
  readonly ms: number;
  /** Whether it may be the fastest. */
  readonly near: boolean;
}

/**
 * Times a site's formulations.
 * @param target with the processor's block
 * @param goesOn whether there is time for another one
 * @returns undefined when there was no time for all
 */
export async function trial(
  graph: Graph,
  site: Site,
  target: Target,
  engine: Engine,
  goesOn: () => boolean = () => true,
): Promise<SiteTrial | undefined> {
  const preferred = preferenceOf(graph, site, target);
  const names = [...new Set([preferred, ...timedOf(site, target)])];
  const alone = extract(graph, site);
  const took: Record<string, number | null> = Object.fromEntries(timedOf(site, target).map((name) => [name, null]));
  const open: Tried[] = []; // right, and as fast as any so far
  return withUploaded(engine, drawn(alone, 7), async (given) => {
    let plain: Arrays | undefined;
    const unproved: [Tried, Arrays][] = []; // what was run before the plain one
    const best = () => Math.min(...[...open, ...unproved.map(([tried]) => tried)].map(({ ms }) => ms));
    const judge = async (tried: Tried, values: Arrays) => {
      const right = distanceOf(values, plain!) <= TOLERANCE;
      if (right) took[tried.name] = tried.ms;
      if (right && tried.near) open.push(tried);
      else await tried.session.release();
    };
    try {
      for (const name of names) {
        if (!goesOn()) return undefined;
        const bytes = encode(lower(alone, target, { [keyOf(site)]: name }));
        const run = await triedAlone(engine, name, bytes, given, NEAR * best());
        if (!run) continue;
        unproved.push(run);
        if (name === PLAIN) plain = run[1];
        if (plain) for (const [tried, values] of unproved.splice(0)) await judge(tried, values);
      }
      const all = nearest(open, preferred);
      if (all.length === 0) return { chosen: took[preferred] === null ? PLAIN : preferred, preferred, took };
      if (all.length === 1) return { chosen: all[0].name, preferred, took };
      const turns = await byTurns(engine, all, given);
      all.forEach(({ name }, i) => void (took[name] = median(turns[i])));
      return { chosen: fastest(all, turns, preferred), preferred, took };
    } finally {
      for (const { session } of [...open, ...unproved.map(([tried]) => tried)]) await session.release();
    }
  });
}

/** Those that may be the fastest, the preferred one first. */
function nearest(right: readonly Tried[], preferred: string): Tried[] {
  const sorted = right.toSorted((a, b) => a.ms - b.ms);
  const others = sorted.filter(({ name, ms }) => name !== preferred && ms <= NEAR * sorted[0].ms).slice(0, MOST);
  return [...sorted.filter(({ name }) => name === preferred), ...others];
}

/** The one that gains most over the first, by the median of its turns' ratios; the first where none gains enough. */
function fastest(tried: readonly Tried[], turns: readonly (readonly number[])[], preferred: string): string {
  const shares = turns.map((ms) => median(ms.map((x, i) => x / turns[0][i])));
  const best = shares.indexOf(Math.min(...shares));
  return tried[0].name === preferred && shares[best] > GAIN ? preferred : tried[best].name;
}

/**
 * What a formulation computes, and the least of a few runs; undefined where the runtime refuses it.
 * @param near milliseconds within which it takes turns: what is slower for sure is run no further
 */
async function triedAlone(
  engine: Engine,
  name: string,
  bytes: Uint8Array,
  given: DeviceTensors,
  near: number,
): Promise<[Tried, Arrays] | undefined> {
  const session = await engine.load(bytes).catch(() => undefined); // a formulation that this runtime does not know is none
  if (!session) return undefined;
  try {
    const values: Record<string, Arrays[string]> = {};
    const first = await timeOfWork(engine, () => session.run(given));
    for (const [output, t] of Object.entries(first.made)) values[output] = await engine.download(t);
    let { ms } = first;
    let warm = false;
    for (let i = 0; i < WARM && ms <= (i === 0 ? FAR : 2) * near; i++) {
      ms = Math.min(ms, await timeOfRun(engine, session, given));
      warm = i === WARM - 1;
    }
    return [{ name, session, ms, near: warm && ms <= near }, values];
  } catch (error) {
    await session.release();
    throw error;
  }
}

/** Milliseconds of the turns of each. */
async function byTurns(engine: Engine, all: readonly Tried[], given: DeviceTensors): Promise<number[][]> {
  const turns: number[][] = all.map(() => []);
  const begun = performance.now();
  for (let turn = 0; turn < TURNS.most; turn++) {
    if (turn >= TURNS.least && performance.now() - begun > TURNS.ms) break;
    for (let i = 0; i < all.length; i++) {
      const at = (i + turn) % all.length; // who begins alternates
      turns[at].push(await timeOfRun(engine, all[at].session, given));
    }
  }
  return turns;
}
