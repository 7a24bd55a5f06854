/** Which formulations a run computes with: those that its checkpoint names, if they are this machine's, else those that a trial finds. */

import type { Engine } from "../engine/engine.ts";
import { isTunedFor, tune } from "../lower/tuning/tune.ts";
import { cacheOf, type Tuning } from "../lower/tuning/tuning.ts";
import { expectedMs } from "../lower/tuning/work.ts";
import type { Communicator } from "./ranks/communicator.ts";
import type { Trainer } from "./trainer.ts";
import type { RunTuneOptions } from "./tune-model.ts";

/** What decides it. */
interface Asked {
  readonly engine: Engine;
  readonly tune?: RunTuneOptions | false;
  readonly signal?: AbortSignal;
  readonly communicator?: Communicator;
  readonly accumulate: number;
  readonly epochs: number;
  readonly steps?: number;
  /** The lengths of batches whose samples differ in it. */
  readonly places?: { readonly lengths: readonly number[] };
}

/** Seconds of training from which tuning pays. */
const LONG = 600;
/** More threads than these do not share a step evenly. */
const MOST_THREADS = 8;

/**
 * Whether a run is long enough to be tuned where nobody says. Shapes and the numbers of steps and threads alone tell it, so that two
 * runs with the same settings do the same, whatever the machine does meanwhile.
 * @param stepMs expected of one thread
 */
export const paysToTune = (stepMs: number, steps: number, threads: number): boolean =>
  (stepMs * steps) / Math.min(threads, MOST_THREADS) >= 1000 * LONG;

/**
 * The trainer of a run that is about to begin, with its formulations; the given one is released where it is another.
 * @param saved what the checkpoint says, of a run that goes on
 * @param sizes samples of an epoch's steps
 */
export async function withFormulations(
  trainer: Trainer,
  saved: { readonly tuning?: Tuning } | undefined,
  sizes: readonly number[],
  asked: Asked,
): Promise<Trainer> {
  const { engine, communicator } = asked;
  if (communicator) return trainer; // ranks would each find their own
  const kept = saved?.tuning;
  const known = kept && (await isTunedFor(kept, engine)) ? kept : undefined;
  const { tune: wanted = { when: "long" } } = asked;
  if (kept && !known && wanted) wanted.onOther?.(kept);
  const tuning = known ?? (wanted ? await found(trainer, saved, sizes, wanted, asked) : undefined);
  if (!tuning) return trainer;
  await trainer.release();
  return trainer.with({ tuning });
}

/** What a trial finds; undefined where none is made. */
async function found(
  trainer: Trainer,
  saved: { readonly tuning?: Tuning } | undefined,
  sizes: readonly number[],
  { when = "always", ...wanted }: RunTuneOptions,
  { engine, signal, accumulate, epochs, steps = epochs * sizes.length, places }: Asked,
): Promise<Tuning | undefined> {
  const longest = places && Math.max(...places.lengths); // what takes most of the time
  const options = { signal, cache: cacheOf(engine), ...wanted };
  if (when === "always" || saved?.tuning)
    return (await tune(trainer.stepGraph(sizes[0], longest), engine, options)).tuning;
  if (saved || !options.cache || engine.device !== "cpu") return undefined; // what began untuned goes on so
  const graph = trainer.stepGraph(sizes[0], longest);
  const runs = accumulate * steps; // the graph is that of a part of a batch
  if (!paysToTune(expectedMs(graph), runs, engine.threads)) return undefined;
  return (await tune(graph, engine, { ...options, steps: runs, settled: true })).tuning;
}
