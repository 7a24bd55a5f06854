/** `--target-params`: whole training runs with different lambda, until the small model keeps the wanted share. */
import { join } from "node:path";
import {
  cost,
  FILES,
  NotFiniteError,
  percent,
  type Run,
  realInputs,
  searchLambda,
  shrink,
  TRIALS,
  type Trial,
} from "espalier";
import { directory } from "espalier/node";
import type { Place } from "./run-directory.ts";
import type { Choices } from "./settings/choices.ts";
import { normalizationSetting } from "./settings/engine-fields.ts";
import { trainIn, type Workshop } from "./training.ts";

/** A result further from the target than this factor is worth a word. */
const FAR = 1.5;

export interface Found {
  /** Undefined when the search was interrupted. */
  readonly run: Run | undefined;
  readonly lambda?: number;
  readonly trials?: readonly Trial[];
}

/**
 * Each trial keeps its own checkpoint under trials/, so that an interrupted search, started again, passes quickly over
 * the trials that are finished. The best one's checkpoint and metrics become those of the run directory.
 */
export async function searchTarget(target: number, where: Place, choices: Choices, shop: Workshop): Promise<Found> {
  const { engine, data, out } = shop;
  const runs = new Map<number, Run>();
  const stores = (lambda: number) => directory(join(where.out, TRIALS, lambda.toPrecision(4)));
  let interrupted = false;
  let started = 0;

  async function attempt(lambda: number): Promise<number | null> {
    out.say(`\ntrial ${++started}: lambda ${lambda.toPrecision(4)}`);
    let run: Run;
    try {
      run = await trainIn(stores(lambda), { ...choices, lambda, resume: true, overwrite: false }, shop, started > 1);
    } catch (e) {
      if (!(e instanceof NotFiniteError)) throw e;
      out.warn(`lambda ${lambda.toPrecision(4)}: ${e.what}; going on with a smaller one`);
      return null;
    }
    runs.set(lambda, run);
    if (!run.finished) {
      interrupted = true;
      return target; // ends the search
    }
    const inputs = await realInputs(run.model, data, engine, normalizationSetting(choices.normalize));
    const { model: small } = await shrink(run.model, { engine, inputs });
    const kept = cost(small).params / cost(run.model).params;
    const accuracy = run.history.at(-1)?.testAccuracy;
    const scored = typeof accuracy === "number" ? ` with ${percent(accuracy)} test accuracy` : "";
    out.say(`lambda ${lambda.toPrecision(4)} keeps ${percent(kept, 1)} of the parameters${scored}`);
    return kept;
  }

  const trials = await searchLambda(attempt, { target, start: choices.lambda });
  if (interrupted) return { run: undefined };
  const { lambda, kept } = trials[0];
  out.say(`\nchose lambda ${lambda.toPrecision(4)}, which keeps ${percent(kept, 1)} of the parameters`);
  if (kept > target * FAR || kept < target / FAR)
    out.warn(
      `${out.colour.yellow("note:")} no trial came near ${percent(target, 1)}. A longer run (--epochs) follows lambda ` +
        "more smoothly, as does a smaller --lr at its end (--milestones).",
    );
  for (const name of [FILES.metrics, FILES.checkpoint]) {
    const bytes = await stores(lambda).read(name);
    if (bytes) await where.store.write(name, bytes);
  }
  return { run: runs.get(lambda), lambda, trials };
}
