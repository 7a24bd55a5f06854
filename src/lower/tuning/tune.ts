/** Tries the formulations of a graph's sites on the machine that runs it, checks their values, and keeps the fastest. */
import { type Engine, withUploaded } from "../../engine/engine.ts";
import { aGraph, aNumber, anEngine, anObject, maybe, wants } from "../../given.ts";
import type { Graph } from "../../graph/types.ts";
import { type FormulationPlan, preferenceOf } from "../lower.ts";
import { fnv, type Site } from "../pattern.ts";
import { sitesOf } from "../sites.ts";
import { type Target, targetOf, withBlock } from "../target.ts";
import { allowedMs, Budget, SECONDS } from "./budget.ts";
import { blockOf } from "./probe-block.ts";
import { timedOf, trial } from "./trial.ts";
import { cacheOf, type SiteTrial, type SiteTrials, type Tuning, type TuningCache, tunedEngine } from "./tuning.ts";
import { drawn } from "./values.ts";
import { comparing, gains, haveRoom, notCompared, WholeGraph, wholeTrial } from "./whole.ts";
import { type Alike, alikeOf } from "./work.ts";

/** What a trial tells while tuning goes on. The last one is of the whole graph. */
export interface TuningProgress {
  /** Trials made, known or left out, of `total`. */
  readonly done: number;
  readonly total: number;
  /** What was tried; "whole graph" at the end. */
  readonly site: string;
  readonly trial: SiteTrial;
  /** Whether the cache had it. */
  readonly known: boolean;
  /** Since it began. */
  readonly seconds: number;
}

/** What `tune` found. */
export interface Tuned {
  readonly tuning: Tuning;
  /** By site, those first that were expected to take most. Sites that were not tried are not among them. */
  readonly trials: SiteTrials;
  /** Of the whole graph: by what the sites prefer ("tuned"), or as without tuning ("thresholds"). */
  readonly whole: SiteTrial;
}

/** Options of `tune`. */
export interface TuneOptions {
  /** Default: the engine's, if it has one; else every shape is tried. */
  readonly cache?: TuningCache;
  /** Seconds that it may take, or twenty runs of the graph where these take longer; what they leave out stays as without tuning. Default 20. */
  readonly seconds?: number;
  readonly onTrial?: (p: TuningProgress) => void;
  /** Told by a run that goes on with a tuning of another runtime, thread count or processor, which does not count here. */
  readonly onOther?: (tuned: Tuning) => void;
  /** Stops after the trial that is under way, with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** How a run that was not told to tune does it. */
interface Cautious {
  /** Steps to come, of whose time a twentieth may be spent. */
  readonly steps?: number;
  /** Takes what was found once for this very graph, though there was no time for all of it. */
  readonly settled?: boolean;
}

/** Sites with less than this share of the graph's expected time are not worth a trial. */
const LEAST = 0.005;

/**
 * Times the formulations of a graph's distinct sites (of a training step, say) on an engine, the costly ones first, and then the graph
 * with the fastest of them against what the built-in thresholds prefer, which stays where nothing is gained, and wherever no time was
 * left. Nothing else should run. What has wrong values is never chosen: the block of the blocked kernels is the processor's, and
 * another one gives wrong numbers without an error.
 * @returns the plan for `lower`, and what was tried
 */
export async function tune(graph: Graph, engine: Engine, options: TuneOptions & Cautious = {}): Promise<Tuned> {
  wants(
    "tune",
    ["graph", aGraph, graph],
    ["engine", anEngine, engine],
    ["options", anObject, options],
    ["cache", maybe(anObject), options, "cache"],
    ["seconds", maybe(aNumber), options, "seconds"],
  );
  const { cache = cacheOf(engine) } = options;
  const name = tunedEngine(engine);
  const block = await blockOf(engine);
  const target = withBlock(targetOf(engine), block);
  const known = (await cache?.read(name)) ?? {};
  const fresh: Record<string, SiteTrial> = {};
  try {
    const { trials, whole, usual, seconds } = await tried(graph, engine, target, options, known, fresh);
    const { thresholds, tuned } = whole.took;
    const tuning = {
      engine: name,
      block: block ?? null,
      plan: gains(whole) ? { ...usual, ...whole.plan } : usual,
      ...(thresholds && tuned && { took: { thresholds, tuned } }),
      gained: gains(whole),
      seconds,
    };
    return { tuning, trials, whole };
  } finally {
    if (Object.keys(fresh).length > 0) await cache?.write(name, fresh); // what was tried is not tried again, also after a stop
  }
}

/** @param fresh takes what the cache did not know */
async function tried(
  graph: Graph,
  engine: Engine,
  target: Target,
  { seconds = SECONDS, steps, settled, signal, onTrial }: TuneOptions & Cautious,
  known: SiteTrials,
  fresh: Record<string, SiteTrial>,
) {
  const budget = new Budget();
  const all = alikeOf(
    graph,
    sitesOf(graph).filter((site) => timedOf(site, target).length > 1),
  );
  const usual = Object.fromEntries(all.map(({ key, site }) => [key, preferenceOf(graph, site, target)]));
  const first = new WholeGraph(graph, target, usual);
  const trials = Object.fromEntries(
    all.flatMap(({ key, site }) =>
      Object.hasOwn(known, key) && isOf(known[key], site, target) ? [[key, known[key]]] : [],
    ),
  );
  const missing = all.filter(({ key, share }) => share >= LEAST && !Object.hasOwn(trials, key));
  const total = Object.keys(trials).length + missing.length + 1;
  const tell = (site: string, made: SiteTrial, isKnown: boolean, done: number) =>
    onTrial?.({ done, total, site, trial: made, known: isKnown, seconds: budget.spent / 1000 });
  for (const [i, [of, one]] of Object.entries(trials).entries()) tell(of, one, true, i + 1);

  const key = `whole ${first.hash} ${candidatesOf(all, target)}`;
  const decided = Object.hasOwn(known, key) ? known[key] : undefined;
  if (decided && (settled || !decided.left)) {
    tell("whole graph", decided, true, total);
    return { trials, whole: decided, usual, seconds: 0 };
  }
  const whole = await withUploaded(engine, drawn(graph, 11), async (given) => {
    const stepMs = await first.turn(engine, given);
    budget.limit = allowedMs(seconds, stepMs, steps);
    if (!haveRoom(engine, first)) await first.close();
    let left = 0;
    for (const [i, { key: of, site }] of missing.entries()) {
      signal?.throwIfAborted();
      const goesOn = () => budget.has(comparing(stepMs));
      const made = goesOn() ? await trial(graph, site, target, engine, goesOn) : undefined;
      if (!made) left++;
      else {
        trials[of] = fresh[of] = made;
        tell(of, made, false, total - missing.length + i);
      }
    }
    signal?.throwIfAborted();
    const plan: FormulationPlan = { ...usual, ...chosenOf(trials) };
    const second = new WholeGraph(graph, target, plan);
    try {
      const compared =
        second.hash === first.hash ? notCompared : await wholeTrial(engine, [first, second], given, () => budget.has());
      return { ...compared, ...(gains(compared) && { plan }), ...(left > 0 && { left }) };
    } finally {
      await second.close();
    }
  }).finally(() => first.close());
  fresh[key] = whole;
  tell("whole graph", whole, false, total);
  return { trials, whole, usual, seconds: Math.round(budget.spent / 100) / 10 };
}

/** Whether a tuning holds for an engine: made with the same runtime and threads, on a processor with the same blocks. */
export const isTunedFor = async (tuning: Tuning, engine: Engine): Promise<boolean> =>
  tuning.engine === tunedEngine(engine) && tuning.block === ((await blockOf(engine)) ?? null);

const chosenOf = (trials: SiteTrials): FormulationPlan =>
  Object.fromEntries(Object.entries(trials).map(([key, { chosen }]) => [key, chosen]));

/** Equal, where there is the same to choose from. */
const candidatesOf = (all: readonly Alike[], target: Target): string =>
  fnv(new TextEncoder().encode(all.map(({ key, site }) => `${key}: ${timedOf(site, target)}`).join("\n")));

/** Whether a trial was of the formulations that there are now. */
const isOf = ({ took }: SiteTrial, site: Site, target: Target): boolean =>
  timedOf(site, target).sort().join() === Object.keys(took).sort().join();
