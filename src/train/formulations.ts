/** Which formulations a run computes with: those that its checkpoint names, if they are this machine's, else those that a trial finds. */

import type { Engine } from "../engine/engine.ts";
import { isTunedFor, type TuneOptions, tune } from "../lower/tuning/tune.ts";
import type { Tuning } from "../lower/tuning/tuning.ts";
import type { Communicator } from "./ranks/communicator.ts";
import type { Trainer } from "./trainer.ts";

/** What decides it. */
interface Asked {
  readonly engine: Engine;
  readonly tune?: TuneOptions;
  readonly signal?: AbortSignal;
  readonly communicator?: Communicator;
  /** The lengths of batches whose samples differ in it. */
  readonly places?: { readonly lengths: readonly number[] };
}

/**
 * The trainer of a run that is about to begin, with its formulations; the given one is released where it is another.
 * @param saved what the checkpoint says
 * @param count samples of a step
 */
export async function withFormulations(
  trainer: Trainer,
  saved: Tuning | undefined,
  count: number,
  { engine, tune: wanted, signal, communicator, places }: Asked,
): Promise<Trainer> {
  if ((!saved && !wanted) || communicator) return trainer; // ranks would each find their own
  const known = saved && (await isTunedFor(saved, engine)) ? saved : undefined;
  if (saved && !known) wanted?.onOther?.(saved);
  const longest = places && Math.max(...places.lengths); // what takes most of the time
  const tuning = known ?? (await tune(trainer.stepGraph(count, longest), engine, { signal, ...wanted })).tuning;
  await trainer.release();
  return trainer.with({ tuning });
}
