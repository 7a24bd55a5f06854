/** What follows training when ranks are truncated: compose back, prove that exact, choose ranks, truncate, perhaps fine-tune. */
import { join } from "node:path";
import {
  EspalierError,
  type EvaluateOptions,
  evaluate,
  type Inputs,
  type LowRank,
  type Model,
  recompose,
  significant,
  spectra,
  truncate,
  type Verification,
  verify,
} from "espalier";
import { directory } from "espalier/node";
import type { Finishing } from "./finish.ts";
import { chooseRanks, fineTune } from "./low-rank.ts";
import { FINE_TUNING } from "./run-directory.ts";

export interface TruncatedRun {
  /** As trained, composed back. */
  readonly full: Model;
  readonly truncated: Model;
  /** Of composing back. */
  readonly verification: Verification;
  readonly lowRank: LowRank;
}

/** @throws EspalierError when the model composed back computes something else */
export async function truncateRun(
  trained: Model,
  inputs: readonly Inputs[],
  { choices, engine, data, out, store }: Finishing,
  { loss, normalization }: Pick<EvaluateOptions, "loss" | "normalization">,
): Promise<TruncatedRun> {
  const full = recompose(trained);
  const verification = await verify(trained, full, { engine, inputs });
  if (!verification.agree)
    throw new EspalierError(
      "the model composed back does not agree with the composed one",
      { reason: verification.reason },
      "unless the composed model's own outputs are not finite, please report this",
    );
  const { rankRule: rule, rankKeep: keep, rankTolerance: tolerance, lorita: factors = 1, seed, output } = choices;
  const { dim } = out.colour;
  if (factors > 1) out.say(dim(`composed back: ${significant(verification.maxRel)} relative difference`));
  out.say(dim(`choosing ranks, ${rule} …`));
  const judging = { engine, data, loss, output, normalization, seed, out };
  const found = spectra(full);
  const ranks = await chooseRanks(found, { rule: rule!, keep, tolerance }, judging);
  const { model: cut, layers } = truncate(found, ranks);
  const { accuracy } = await evaluate(cut, data, judging);
  const epochs = choices.fineTune ?? 0;
  const tuning = { ...judging, epochs, store: directory(join(store.location, FINE_TUNING)) };
  const truncated = epochs > 0 ? await fineTune(cut, tuning) : cut;
  const lowRank: LowRank = {
    rule: rule!,
    factors,
    fineTuned: epochs,
    recomposedRelDiff: verification.maxRel,
    truncatedAccuracy: accuracy,
    layers,
  };
  return { full, truncated, verification, lowRank };
}
