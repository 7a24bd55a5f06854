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

/**
 * Splits layers at the ranks that a penalty's last proximal step kept, which changes no more than rounding.
 * @returns undefined while the weights are not of those ranks: an averaging optimizer that still averages
 */
export async function truncateToKept(
  full: Model,
  kept: Readonly<Record<string, number>>,
  inputs: readonly Inputs[],
  { engine, data, choices: { output } }: Finishing,
  { loss, normalization }: Pick<EvaluateOptions, "loss" | "normalization">,
): Promise<TruncatedRun | undefined> {
  const found = spectra(full);
  const named = found.layers.filter((l) => kept[l.weight] !== undefined);
  const ranks = new Map(named.map((l) => [l.weight, Math.max(1, kept[l.weight])])); // a zero weight falls to `shrink`
  const { model: truncated, layers } = truncate(found, ranks, { dense: "keep" });
  const verification = await verify(full, truncated, { engine, inputs });
  if (!verification.agree) return undefined;
  const { accuracy } = await evaluate(truncated, data, { engine, loss, output, normalization });
  const own = { rule: "prox", factors: 1, fineTuned: 0, recomposedRelDiff: 0, truncatedAccuracy: accuracy, layers };
  return { full, truncated, verification, lowRank: own };
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
