/** One run from its settings to its summary: train, shrink, verify, measure. `train` and `compare` share it. */
import { clearRun, type Dataset, type Skipped, type Summary, type Trial, write } from "espalier";
import { node } from "espalier/node";
import { finish } from "./finish.ts";
import { checkJudge } from "./low-rank.ts";
import { openData, openModel } from "./open.ts";
import { type Place, writeRun } from "./run-directory.ts";
import { type Choices, choose } from "./settings/choices.ts";
import { methods, resolved } from "./settings/methods.ts";
import { searchTarget } from "./target-params.ts";
import type { Interruption } from "./terminal/interrupt.ts";
import type { Output } from "./terminal/output.ts";
import { prepare, trainIn, type Workshop } from "./training.ts";

/** A run that is checked and can start. */
export interface Job {
  readonly where: Place;
  readonly choices: Choices;
  readonly shop: Workshop;
  /** With --lorita: weights that are trained as they are. */
  readonly notComposed: readonly Skipped[];
}

export interface Outcome {
  readonly summary: Summary;
  /** Of a search for lambda, which ended at `lambda`. */
  readonly trials?: readonly Trial[];
  readonly lambda?: number;
}

/**
 * Opens data and model and checks the run; nothing is written or cleared.
 * @param data if it is open already
 * @throws UsageError, EspalierError for what does not fit together, or does not run on this device
 */
export async function openJob(
  where: Place,
  { out, interruption, data: opened }: { out: Output; interruption: Interruption; data?: Dataset },
): Promise<Job> {
  const choices = choose(where.config);
  const data = opened ?? (await openData(choices));
  if (choices.rankRule) checkJudge(choices.rankRule, data);
  const { model, skipped: notComposed } = await openModel(choices, data);
  const engine = node({ threads: choices.threads, device: choices.device });
  const shop: Workshop = { model, data, engine, out, interruption };
  prepare(where.store, choices, shop);
  await (await engine.load(write(model))).release();
  return { where, choices, shop, notComposed };
}

/** Called on the way. */
interface Stages {
  /** The directory is there and can be written. */
  begun?(): void;
  /** All that can go on from where it was stopped is done: training, the choice of ranks, fine-tuning. */
  trained?(): void;
}

/** @returns undefined when it was interrupted; it has left then what it can go on from */
export async function completeJob({ where, choices, shop }: Job, stages: Stages = {}): Promise<Outcome | undefined> {
  const settled = resolved(choices, methods(choices));
  if (choices.overwrite) await clearRun(where.store);
  await writeRun(where.store, settled, shop.engine);
  stages.begun?.();
  const { run, trials, lambda } = choices.targetParams
    ? await searchTarget(choices.targetParams, where, choices, shop)
    : { run: await trainIn(where.store, choices, shop), trials: undefined, lambda: undefined };
  if (!run?.finished) return undefined;
  const { signal } = shop.interruption;
  try {
    const summary = await finish(
      run,
      { ...shop, choices, config: settled, found: lambda, store: where.store },
      stages.trained,
    );
    return { summary, ...(lambda !== undefined && { lambda, trials }) };
  } catch (e) {
    if (signal.aborted && e === signal.reason) return undefined;
    throw e;
  }
}
