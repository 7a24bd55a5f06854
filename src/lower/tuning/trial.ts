/**
 * One site's formulations on the machine that runs them. First each by itself: whether it is right, and about how long it takes. Then
 * the fast ones by turns, together with what the thresholds prefer: what was timed one after the other differs by what the machine did
 * meanwhile, and what runs again at once finds its tensors in the caches as it would not within a step.
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
/** How much slower than the fastest a formulation may be at first and still take turns. */
const NEAR = 1.5;
/** How much slower than that a first run may be: it asks for its memory, and can take four times a later one. */
const FAR = 4;
/** Runs until a session has its memory: the first takes it piece by piece, the second in one block. */
const WARM = 3;
/** Formulations that take turns beside the preferred one. */
const MOST = 2;
/** Turns: so many at most, or until so many milliseconds have passed, but five at least. */
const TURNS = { most: 9, least: 5, ms: 100 } as const;

/** Names of the formulations of a site that are timed, the plain one first; it alone where nothing is to be chosen by times. */
export function timedOf(site: Site, target: Target): string[] {
  const pattern = patternOf(site);
  return Object.values(pattern).some((f) => f.passes) ? [PLAIN] : formulationsOf(site, target);
}

/** Times a site's formulations. @param target with the processor's block */
export async function trial(graph: Graph, site: Site, target: Target, engine: Engine): Promise<SiteTrial> {
  const names = timedOf(site, target);
  const preferred = preferenceOf(graph, site, target);
  if (names.length === 1) return { chosen: preferred, preferred, took: { [PLAIN]: null } };
  const alone = extract(graph, site);
  const bytesOf = (name: string) => encode(lower(alone, target, { [keyOf(site)]: name }));
  return withUploaded(engine, drawn(alone, 7), async (given) => {
    const took: Record<string, number | null> = {};
    let plain: Arrays | undefined;
    let best = Infinity;
    for (const name of names) {
      const tried = await triedAlone(engine, bytesOf(name), given, NEAR * best);
      const right = tried !== undefined && distanceOf(tried.values, (plain ??= tried.values)) <= TOLERANCE;
      took[name] = right ? tried.ms : null;
      if (right) best = Math.min(best, tried.ms);
    }
    const all = nearest(took, preferred);
    if (all.length === 1) return { chosen: all[0], preferred, took };
    const turns = await byTurns(engine, all.map(bytesOf), given);
    all.forEach((name, i) => void (took[name] = median(turns[i])));
    return { chosen: fastest(all, turns, preferred), preferred, took };
  });
}

/** Those that are right and may be the fastest, the preferred one first. */
function nearest(took: Readonly<Record<string, number | null>>, preferred: string): string[] {
  const right = Object.entries(took).flatMap(([name, ms]) => (ms === null ? [] : [{ name, ms }]));
  const sorted = right.toSorted((a, b) => a.ms - b.ms);
  const others = sorted.filter(({ name, ms }) => name !== preferred && ms <= NEAR * sorted[0].ms).slice(0, MOST);
  const usual = sorted.filter(({ name }) => name === preferred);
  const names = [...usual, ...others].map(({ name }) => name);
  return names.length > 0 ? names : [preferred]; // where nothing is right, what is there already stays
}

/** The one that gains most over the first, by the median of its turns' ratios; the first where none gains enough. */
function fastest(names: readonly string[], turns: readonly (readonly number[])[], preferred: string): string {
  const shares = turns.map((ms) => median(ms.map((x, i) => x / turns[0][i])));
  const best = shares.indexOf(Math.min(...shares));
  return names[0] === preferred && shares[best] > GAIN ? preferred : names[best];
}

/**
 * What a formulation computes, and the least of a few runs; undefined where the runtime refuses it.
 * @param near milliseconds within which it takes turns
 */
async function triedAlone(engine: Engine, bytes: Uint8Array, given: DeviceTensors, near: number) {
  let session: Session;
  try {
    session = await engine.load(bytes);
  } catch {
    return undefined; // a formulation that this runtime does not know is none
  }
  try {
    const values: Record<string, Arrays[string]> = {};
    const first = await timeOfWork(engine, () => session.run(given));
    for (const [name, t] of Object.entries(first.made)) values[name] = await engine.download(t);
    let { ms } = first;
    for (let i = 0; i < WARM && first.ms < FAR * near; i++) ms = Math.min(ms, await timeOfRun(engine, session, given));
    return { ms, values };
  } finally {
    await session.release();
  }
}

/** Milliseconds of each model's turns. */
async function byTurns(engine: Engine, models: readonly Uint8Array[], given: DeviceTensors): Promise<number[][]> {
  const sessions: Session[] = [];
  try {
    for (const bytes of models) sessions.push(await engine.load(bytes));
    for (const session of sessions) for (let i = 0; i < WARM; i++) await timeOfRun(engine, session, given);
    const turns: number[][] = models.map(() => []);
    const begun = performance.now();
    for (let turn = 0; turn < TURNS.most; turn++) {
      if (turn >= TURNS.least && performance.now() - begun > TURNS.ms) break;
      for (let i = 0; i < sessions.length; i++) {
        const at = (i + turn) % sessions.length; // who begins alternates
        turns[at].push(await timeOfRun(engine, sessions[at], given));
      }
    }
    return turns;
  } finally {
    for (const session of sessions) await session.release();
  }
}
