/** A run's models as they leave it: with their normalization beside them, or in them. */
import type { Model } from "../graph/types.ts";
import type { Inputs } from "../shrink/verify.ts";
import { bakeNormalization } from "../train/bake-normalization.ts";
import type { ScoringOptions } from "../train/evaluator.ts";
import type { Run } from "../train/run.ts";
import { judgingOf } from "./judging.ts";
import { realInputs } from "./real-inputs.ts";

/** How models are made into what leaves, and how that is fed. */
export interface Leaving {
  readonly judging: ScoringOptions;
  readonly inputs: readonly Inputs[];
  made(model: Model): Model;
}

/** @param bake puts the run's normalization into the models */
export async function leaving(run: Run, bake: boolean): Promise<Leaving> {
  const judging = judgingOf(run);
  const { engine, inputs: plans } = run.options;
  const plan = plans.find((one) => one.normalization);
  if (!bake || !plan?.normalization)
    return {
      judging,
      inputs: await realInputs(run.model, run.data, engine, judging.normalization),
      made: (model) => model,
    };
  const { input, dtype, normalization } = plan;
  const made = (model: Model) =>
    bakeNormalization(model, normalization, { input, largest: dtype === "uint8" ? 255 : 1 });
  const inputs = await realInputs(made(run.model), run.data, engine, null);
  return { judging: { ...judging, normalization: null }, inputs, made };
}
