/** Tries the formulations of a graph's sites on the machine that runs it, checks their values, and keeps the fastest. */
import { type DeviceTensors, disposeAll, type Engine, type Session, withUploaded } from "../../engine/engine.ts";
import { aGraph, anEngine, anObject, maybe, wants } from "../../given.ts";
import type { Graph } from "../../graph/types.ts";
import { encode } from "../../onnx/write.ts";
import { lower, preferenceOf } from "../lower.ts";
import { keyOf, PLAIN, type Site } from "../pattern.ts";
import { extract, formulationsOf, sitesOf } from "../sites.ts";
import { type Target, targetOf } from "../target.ts";
import { blockOf } from "./probe-block.ts";
import { type SiteTrial, type SiteTrials, type Tuning, type TuningCache, tunedEngine } from "./tuning.ts";
import { type Arrays, distanceOf, drawn } from "./values.ts";

/** What a trial tells while tuning goes on. */
export interface TuningProgress {
  /** Sites tried or known, of `total`. */
  readonly done: number;
  readonly total: number;
  readonly site: string;
  readonly trial: SiteTrial;
  /** Whether the cache had it. */
  readonly known: boolean;
}

/** Options of `tune`. */
export interface TuneOptions {
  /** Default: none, and every shape is tried. */
  readonly cache?: TuningCache;
  readonly onTrial?: (p: TuningProgress) => void;
  /** Told by a run that goes on with a tuning of another runtime, thread count or processor, which does not count here. */
  readonly onOther?: (tuned: Tuning) => void;
  /** Stops after the trial that is under way, with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** How far a formulation's values may be from the plain one's: other orders of summation, no more. */
const TOLERANCE = 1e-4;
/** A formulation is chosen over the preferred one when it takes less than this share of its time. */
const GAIN = 0.95;
/** Runs of a formulation: so many at most, or until so many milliseconds have passed, but two at least. */
const RUNS = { most: 12, ms: 120 } as const;

/**
 * Times every formulation of every distinct site of a graph (a training step, say) on an engine. Takes seconds; nothing else should
 * run. What has wrong values is never chosen: the block of the blocked kernels is the processor's, and another one gives wrong
 * numbers without an error.
 * @returns the plan for `lower`, and what was tried by site
 */
export async function tune(
  graph: Graph,
  engine: Engine,
  options: TuneOptions = {},
): Promise<{ readonly tuning: Tuning; readonly trials: SiteTrials }> {
  wants(
    "tune",
    ["graph", aGraph, graph],
    ["engine", anEngine, engine],
    ["options", anObject, options],
    ["cache", maybe(anObject), options, "cache"],
  );
  const { cache, onTrial, signal } = options;
  const name = tunedEngine(engine);
  const block = await blockOf(engine);
  const target: Target = { ...targetOf(engine), ...(block !== undefined && { block }) };
  const known = (await cache?.read(name)) ?? {};
  const sites = new Map(sitesOf(graph).map((site) => [keyOf(site), site]));
  const trials: Record<string, SiteTrial> = {};
  const fresh: Record<string, SiteTrial> = {};
  try {
    for (const [key, site] of sites) {
      signal?.throwIfAborted();
      const found = Object.hasOwn(known, key) && isOf(known[key], site, target) ? known[key] : undefined;
      trials[key] = found ?? (await trial(graph, site, target, engine));
      if (!found) fresh[key] = trials[key];
      onTrial?.({ done: Object.keys(trials).length, total: sites.size, site: key, trial: trials[key], known: !!found });
    }
  } finally {
    if (Object.keys(fresh).length > 0) await cache?.write(name, fresh); // what was tried is not tried again, also after a stop
  }
  const plan = Object.fromEntries(Object.entries(trials).map(([key, { chosen }]) => [key, chosen]));
  return { tuning: { engine: name, block: block ?? null, plan }, trials };
}

/** Whether a tuning holds for an engine: made with the same runtime and threads, on a processor with the same blocks. */
export const isTunedFor = async (tuning: Tuning, engine: Engine): Promise<boolean> =>
  tuning.engine === tunedEngine(engine) && tuning.block === ((await blockOf(engine)) ?? null);

/** Whether a trial was of the formulations that there are now. */
const isOf = ({ took }: SiteTrial, site: Site, target: Target): boolean =>
  formulationsOf(site, target).sort().join() === Object.keys(took).sort().join();

async function trial(graph: Graph, site: Site, target: Target, engine: Engine): Promise<SiteTrial> {
  const names = formulationsOf(site, target);
  const preferred = preferenceOf(graph, site, target);
  if (names.length === 1) return { chosen: preferred, preferred, took: { [PLAIN]: null } };
  const alone = extract(graph, site);
  return withUploaded(engine, drawn(alone, 7), async (given) => {
    const took: Record<string, number | null> = {};
    let plain: Arrays | undefined;
    let best = Infinity;
    for (const name of names) {
      const bytes = encode(lower(alone, target, { [keyOf(site)]: name }));
      const tried = await measured(engine, bytes, given, best);
      const right = tried !== undefined && distanceOf(tried.values, (plain ??= tried.values)) <= TOLERANCE;
      took[name] = right ? tried.ms : null;
      if (right) best = Math.min(best, tried.ms);
    }
    return { chosen: fastest(took, preferred), preferred, took };
  });
}

function fastest(took: Readonly<Record<string, number | null>>, preferred: string): string {
  const [name, ms] = Object.entries(took).reduce((a, b) => ((b[1] ?? Infinity) < (a[1] ?? Infinity) ? b : a));
  const usual = took[preferred];
  return ms === null || (typeof usual === "number" && ms > GAIN * usual) ? preferred : name;
}

/** Least milliseconds of a run, and what it computes; undefined where the runtime refuses it. */
async function measured(engine: Engine, bytes: Uint8Array, given: DeviceTensors, best: number) {
  let session: Session;
  try {
    session = await engine.load(bytes);
  } catch {
    return undefined; // a formulation that this runtime does not know is none
  }
  try {
    const values: Record<string, Arrays[string]> = {};
    for (const [name, t] of Object.entries(await session.run(given))) values[name] = await engine.download(t);
    let ms = Infinity;
    const begun = performance.now();
    for (let i = 0; i < RUNS.most && (i < 2 || performance.now() - begun < RUNS.ms); i++) {
      const start = performance.now();
      disposeAll(engine, await session.run(given));
      ms = Math.min(ms, performance.now() - start);
      if (ms > 3 * best) break;
    }
    return { ms, values };
  } finally {
    await session.release();
  }
}
