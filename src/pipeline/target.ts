/** Whole training runs with different λ, until the small model keeps the wanted share of the parameters. */
import { aFunction, anObject, aStore, maybe, wants } from "../given.ts";
import { cost } from "../shrink/cost.ts";
import { shrink } from "../shrink/shrink.ts";
import { guessing, isGuessing } from "../train/guessing.ts";
import { NotFiniteError } from "../train/not-finite.ts";
import type { Run } from "../train/run.ts";
import { FILES, TRIALS } from "../train/run-files.ts";
import type { Store } from "../train/store.ts";
import { judgingOf } from "./judging.ts";
import { MAX_TRIALS, type SearchOptions, searchLambda, type Trial } from "./lambda-search.ts";
import { realInputs } from "./real-inputs.ts";

/** What a search tells on its way. */
export type TargetEvent =
  /** A run starts, the `count`-th of at most `of`; all that may follow take so many seconds, by the mean of those before. */
  | {
      readonly type: "trial";
      readonly count: number;
      readonly of: number;
      readonly lambda: number;
      readonly secondsLeft?: number;
    }
  /** Its training diverged, which counts as too large a λ. */
  | { readonly type: "diverged"; readonly lambda: number; readonly error: NotFiniteError }
  /** It keeps this share of the parameters, with this test accuracy (null outside classification), which may be no better than guessing. */
  | {
      readonly type: "kept";
      readonly lambda: number;
      readonly kept: number;
      readonly accuracy: number | null;
      readonly guessing: boolean;
    }
  /** The search is over; `far` = no trial came near the target. */
  | {
      readonly type: "chosen";
      readonly lambda: number;
      readonly kept: number;
      readonly target: number;
      readonly far: boolean;
    };

/** Options of `trainToTarget`. */
export interface TargetOptions extends SearchOptions {
  /** Where the chosen run's checkpoint and metrics go; trials keep theirs in its folder trials/. Default: nowhere. */
  readonly store?: Store;
  readonly onEvent?: (event: TargetEvent) => void;
}

/** The run that came nearest to the target. */
export interface TargetRun {
  /** For `finish`, with the store of the search. */
  readonly run: Run;
  readonly lambda: number;
  /** All trials, the chosen one first. */
  readonly trials: readonly Trial[];
}

/** A result further from the target than this factor is worth a word. */
const FAR = 1.5;

/**
 * Searches the λ with which the small model keeps a share of the parameters. Each trial has a store of its own, so that an
 * interrupted search, started again, passes quickly over the trials that are finished. The store is locked meanwhile.
 * ```ts
 * const found = await trainToTarget(async (lambda, store) => {
 *   const run = train(model, data, { engine, …, penalty: groupLasso({ lambda }), store, resume: true });
 *   for await (const epoch of run) console.log(epoch.loss);
 *   return run;
 * }, { target: 0.1, store });
 * if (found) await finish(found.run, { store, lambda: found.lambda });
 * ```
 * @param trial trains with λ, to the end or until its signal stops it
 * @returns undefined when a trial was stopped
 * @throws UsageError for options out of range; EspalierError when every trial diverged, or somebody else writes to the store
 */
export async function trainToTarget(
  trial: (lambda: number, store: Store | undefined) => Promise<Run>,
  options: TargetOptions,
): Promise<TargetRun | undefined> {
  wants(
    "trainToTarget",
    ["trial", aFunction, trial],
    ["options", anObject, options],
    ["store", maybe(aStore), options, "store"],
  );
  const unlock = await options.store?.lock();
  try {
    return await search(trial, options);
  } finally {
    await unlock?.();
  }
}

async function search(
  trial: (lambda: number, store: Store | undefined) => Promise<Run>,
  { store, onEvent, ...options }: TargetOptions,
): Promise<TargetRun | undefined> {
  const { target } = options;
  const runs = new Map<number, Run>();
  const storeOf = (lambda: number) => store?.within(TRIALS).within(lambda.toPrecision(4));
  let count = 0;
  let seconds = 0; // of the trials that ended, those before a resume included
  const most = options.maxTrials ?? MAX_TRIALS;
  let stopped = false;

  async function attempt(lambda: number): Promise<number | null> {
    const secondsLeft = seconds > 0 ? { secondsLeft: (seconds / count) * (most - count) } : {};
    onEvent?.({ type: "trial", count: ++count, of: most, lambda, ...secondsLeft });
    let run: Run;
    try {
      run = await trial(lambda, storeOf(lambda));
    } catch (error) {
      if (!(error instanceof NotFiniteError)) throw error;
      onEvent?.({ type: "diverged", lambda, error });
      return null;
    }
    runs.set(lambda, run);
    if (!run.finished) {
      stopped = true;
      return target; // ends the search
    }
    seconds += run.history.reduce((sum, m) => sum + m.seconds, 0);
    const kept = await keptShare(run);
    const accuracy = run.history.at(-1)?.testAccuracy ?? null;
    const by = guessing(run.data.test, run.options.terms);
    const collapsed = by !== undefined && accuracy !== null && isGuessing(accuracy, by);
    onEvent?.({ type: "kept", lambda, kept, accuracy, guessing: collapsed });
    return kept;
  }

  const trials = await searchLambda(attempt, options);
  if (stopped) return undefined;
  const { lambda, kept } = trials[0];
  onEvent?.({ type: "chosen", lambda, kept, target, far: kept > target * FAR || kept < target / FAR });
  await store?.remove(FILES.summary); // of what is replaced now
  for (const name of [FILES.metrics, FILES.checkpoint]) {
    const bytes = await storeOf(lambda)?.read(name);
    if (bytes) await store?.write(name, bytes);
  }
  return { run: runs.get(lambda)!, lambda, trials };
}

/** Parameters that shrinking leaves / all of them. */
async function keptShare(run: Run): Promise<number> {
  const { engine, normalization } = judgingOf(run);
  const inputs = await realInputs(run.model, run.data, engine, normalization);
  const { model: small } = await shrink(run.model, { engine, inputs });
  return cost(small).params / cost(run.model).params;
}
