/** From a trained model to one of low rank: composed back, ranks chosen, truncated. */

import type { Engine } from "../engine/engine.ts";
import { EspalierError } from "../error.ts";
import { aModel, anEngine, anObject, aStore, maybe, wants } from "../given.ts";
import type { Model } from "../graph/types.ts";
import { isComposed } from "../lowrank/factors.ts";
import type { Skipped } from "../lowrank/layers.ts";
import type { Ranks } from "../lowrank/ranks.ts";
import { recompose } from "../lowrank/recompose.ts";
import { spectra } from "../lowrank/spectra.ts";
import { type Truncated, type TruncateOptions, truncate } from "../lowrank/truncate.ts";
import { type Inputs, type Verification, verify } from "../shrink/verify.ts";
import { FINE_TUNING } from "../train/run-files.ts";
import type { Store } from "../train/store.ts";
import { type Judging, keptRanks, type RankRule } from "./ranks.ts";

/** Options of `factorize`. */
export interface FactorizeOptions extends Judging, Pick<TruncateOptions, "dense"> {
  readonly rank: RankRule;
  /** Weights that are left alone, by name; `*` and `**` as in `train`. Default: none. */
  readonly freeze?: readonly string[];
  /** Real inputs, beside random ones, on which a model that is composed back is compared with its factors. */
  readonly inputs?: readonly Inputs[];
  /** Keeps the ranks that were chosen (ranks.json): called again with the same rule, it goes on with them. Default: nowhere. */
  readonly store?: Store;
}

/** What `factorize` made of a model. */
export interface Factorized extends Truncated {
  /** The model composed back; the given one if it was not composed. */
  readonly whole: Model;
  /** What compared a composed model with the whole one. */
  readonly composedBack: Verification | undefined;
  /** Weights that are not truncated, and why. */
  readonly skipped: readonly Skipped[];
  readonly ranks: Ranks;
  /** Of choosing the ranks. */
  readonly seconds: number;
}

/**
 * Truncates the singular values of a model's layers and writes those of low rank as two smaller layers. A model that `compose` made
 * is composed back first, which is verified. Truncation is lossy: judge it by the accuracy (`evaluate`), and train it on (`fineTune`).
 * @throws EspalierError when the model composed back computes something else; UsageError for options out of range; the signal's
 *   reason once it is aborted
 */
export async function factorize(model: Model, options: FactorizeOptions): Promise<Factorized> {
  wants(
    "factorize",
    ["model", aModel, model],
    ["options", anObject, options],
    ["rank", anObject, options, "rank"],
    ["engine", anEngine, options, "engine"],
    ["store", maybe(aStore), options, "store"],
  );
  const { rank, freeze, dense, engine, inputs, store, onEvent, ...judging } = options;
  const { whole, composedBack } = await composeBack(model, engine, inputs);
  if (composedBack) onEvent?.({ type: "composedBack", maxRel: composedBack.maxRel });
  const found = spectra(whole, { freeze });
  for (const { weight, why } of found.skipped) onEvent?.({ type: "leftAlone", weight, why });
  const { ranks, seconds } = await keptRanks(
    found,
    rank,
    { engine, onEvent, ...judging },
    store,
    (kept) => kept.remove(FINE_TUNING), // its checkpoint belongs to the ranks before
  );
  const truncated = truncate(found, ranks, { dense });
  if (!truncated.layers.some((l) => l.split))
    onEvent?.({ type: "nothingSplit", rule: rank.rule, composed: composedBack !== undefined });
  return { ...truncated, whole, composedBack, skipped: found.skipped, ranks, seconds };
}

/** A composed model as the architecture that it had; any other as it is. */
async function composeBack(
  model: Model,
  engine: Engine,
  inputs: readonly Inputs[] | undefined,
): Promise<Pick<Factorized, "whole" | "composedBack">> {
  if (!isComposed(model)) return { whole: model, composedBack: undefined };
  const whole = recompose(model);
  const composedBack = await verify(model, whole, { engine, inputs });
  if (composedBack.agree) return { whole, composedBack };
  throw new EspalierError(
    "disagree",
    "the model composed back does not agree with the composed one",
    { reason: composedBack.reason },
    "unless the composed model's own outputs are not finite, please report this",
  );
}
