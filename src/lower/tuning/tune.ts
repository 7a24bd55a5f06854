/** Tries the formulations of a graph's sites on the machine that runs it, checks their values, and keeps the fastest. */
import type { Engine } from "../../engine/engine.ts";
import { aGraph, anEngine, anObject, maybe, wants } from "../../given.ts";
import type { Graph } from "../../graph/types.ts";
import { preferenceOf } from "../lower.ts";
import { keyOf, type Site } from "../pattern.ts";
import { sitesOf } from "../sites.ts";
import { type Target, targetOf, withBlock } from "../target.ts";
import { blockOf } from "./probe-block.ts";
import { timedOf, trial } from "./trial.ts";
import { type SiteTrial, type SiteTrials, type Tuning, type TuningCache, tunedEngine } from "./tuning.ts";
import { gains, twoOf, wholeTrial } from "./whole.ts";

/** What a trial tells while tuning goes on. The last one is of the whole graph. */
export interface TuningProgress {
  /** Trials made or known, of `total`. */
  readonly done: number;
  readonly total: number;
  /** What was tried; "whole graph" at the end. */
  readonly site: string;
  readonly trial: SiteTrial;
  /** Whether the cache had it, or nothing was to be tried. */
  readonly known: boolean;
}

/** What `tune` found. */
export interface Tuned {
  readonly tuning: Tuning;
  /** By site. Those that can be computed in one way alone are not among them. */
  readonly trials: SiteTrials;
  /** Of the whole graph: by what the sites prefer ("tuned"), or as without tuning ("thresholds"). */
  readonly whole: SiteTrial;
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

/**
 * Times the formulations of every distinct site of a graph (a training step, say) on an engine, and then the graph with the fastest of
 * them against what the built-in thresholds prefer, which stays where nothing is gained. Takes seconds to a minute; nothing else should
 * run. What has wrong values is never chosen: the block of the blocked kernels is the processor's, and another one gives wrong numbers
 * without an error.
 * @returns the plan for `lower`, and what was tried
 */
export async function tune(graph: Graph, engine: Engine, options: TuneOptions = {}): Promise<Tuned> {
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
  const target = withBlock(targetOf(engine), block);
  const known = (await cache?.read(name)) ?? {};
  const all = sitesOf(graph).filter((site) => timedOf(site, target).length > 1);
  const sites = new Map(all.map((site) => [keyOf(site), site]));
  const trials: Record<string, SiteTrial> = {};
  const fresh: Record<string, SiteTrial> = {};
  const total = sites.size + 1;
  try {
    for (const [key, site] of sites) {
      signal?.throwIfAborted();
      const found = Object.hasOwn(known, key) && isOf(known[key], site, target) ? known[key] : undefined;
      trials[key] = found ?? (await trial(graph, site, target, engine));
      if (!found) fresh[key] = trials[key];
      onTrial?.({ done: Object.keys(trials).length, total, site: key, trial: trials[key], known: !!found });
    }
    signal?.throwIfAborted();
    const plan = (of: (key: string) => string) => Object.fromEntries([...sites.keys()].map((key) => [key, of(key)]));
    const fastest = plan((key) => trials[key].chosen);
    const usual = plan((key) => preferenceOf(graph, sites.get(key)!, target));
    const two = twoOf(graph, target, usual, fastest);
    const found = Object.hasOwn(known, two.key) ? known[two.key] : two.same;
    const whole = found ?? (await wholeTrial(graph, two, engine));
    if (!found) fresh[two.key] = whole;
    onTrial?.({ done: total, total, site: "whole graph", trial: whole, known: !!found });
    const tuning = { engine: name, block: block ?? null, plan: gains(whole) ? fastest : usual };
    return { tuning, trials, whole };
  } finally {
    if (Object.keys(fresh).length > 0) await cache?.write(name, fresh); // what was tried is not tried again, also after a stop
  }
}

/** Whether a tuning holds for an engine: made with the same runtime and threads, on a processor with the same blocks. */
export const isTunedFor = async (tuning: Tuning, engine: Engine): Promise<boolean> =>
  tuning.engine === tunedEngine(engine) && tuning.block === ((await blockOf(engine)) ?? null);

/** Whether a trial was of the formulations that there are now. */
const isOf = ({ took }: SiteTrial, site: Site, target: Target): boolean =>
  timedOf(site, target).sort().join() === Object.keys(took).sort().join();
