/** What a finished run of low rank becomes before it is shrunk: truncated by a rule, or split where a penalty left low ranks. */
import type { Dataset } from "../data/dataset.ts";
import { UsageError } from "../error.ts";
import type { Model } from "../graph/types.ts";
import { factorNames } from "../lowrank/factors.ts";
import { spectra } from "../lowrank/spectra.ts";
import { truncate } from "../lowrank/truncate.ts";
import type { LowRank } from "../report/results.ts";
import { type Inputs, verify } from "../shrink/verify.ts";
import { evaluate } from "../train/evaluate.ts";
import { frozen } from "../train/freeze.ts";
import { preciseStatistics } from "../train/precise-statistics.ts";
import type { Run } from "../train/run.ts";
import { FINE_TUNING } from "../train/run-files.ts";
import type { Store } from "../train/store.ts";
import type { FinishEvent } from "./events.ts";
import { factorize } from "./factorize.ts";
import { type FineTuneOptions, fineTune } from "./fine-tune.ts";
import { judgingOf } from "./judging.ts";
import type { RankRule } from "./ranks.ts";

/** A run's models of low rank. */
export interface TruncatedRun {
  /** As trained, composed back. */
  readonly full: Model;
  readonly truncated: Model;
  readonly lowRank: Omit<LowRank, "smallRelDiff">;
}

/** What truncating a run takes. */
interface Truncation {
  readonly rank: RankRule;
  readonly fineTune: number;
  readonly preciseStatistics: number | false | undefined;
  readonly inputs: readonly Inputs[];
  readonly store: Store | undefined;
  readonly onEvent: ((event: FinishEvent) => void) | undefined;
}

/** @throws EspalierError when the model composed back computes something else; the signal's reason once it is aborted */
export async function truncateRun(
  run: Run,
  { rank, fineTune: epochs, preciseStatistics: batches, inputs, store, onEvent }: Truncation,
): Promise<TruncatedRun> {
  const { data, options, model } = run;
  const { seed, signal, augment, distill } = options;
  const freeze = staying(run);
  const judging = { ...judgingOf(run), seed, signal, onEvent };
  const found = await factorize(model, { ...judging, data, rank, freeze, inputs, store });
  const cut =
    batches === false ? found.model : await preciseStatistics(found.model, data, { ...judging, batches, freeze });
  const { accuracy } = await evaluate(cut, data, judging);
  const inner = store?.within(FINE_TUNING);
  const tuning = {
    ...judging,
    freeze,
    distill,
    augment: augment ?? null,
    epochs,
    store: inner,
    preciseStatistics: batches,
  }; // it moves and sees what training did
  const tuned = epochs > 0 ? await goOnTuning(cut, data, tuning) : { model: cut, seconds: 0 };
  return {
    full: found.whole,
    truncated: tuned.model,
    lowRank: {
      rule: rank.rule,
      factors: Math.max(1, ...[...factorNames(model).values()].map((names) => names.length)),
      fineTuned: epochs,
      recomposedRelDiff: found.composedBack?.maxRel ?? 0,
      truncatedAccuracy: accuracy,
      seconds: found.seconds + tuned.seconds,
      layers: found.layers,
    },
  };
}

/** By name or pattern, what of the run's model composed back it left as it is: truncation and the training behind it leave it so too. */
function staying({ model, options: { freeze, trainOnly } }: Run): readonly string[] {
  if (!trainOnly) return freeze;
  const stays = frozen(model, { freeze, trainOnly });
  const composed = [...factorNames(model)];
  const factors = new Set(composed.flatMap(([, names]) => names));
  return [
    ...[...stays.keys()].filter((name) => !factors.has(name)),
    ...composed.flatMap(([weight, names]) => (names.every((name) => stays.has(name)) ? [weight] : [])),
  ];
}

/** Goes on with training that was stopped; what is there of other settings (another number of epochs) starts afresh. */
async function goOnTuning(model: Model, data: Dataset, options: FineTuneOptions) {
  try {
    return await fineTune(model, data, options);
  } catch (error) {
    if (!(error instanceof UsageError && error.code === "conflict")) throw error;
    return fineTune(model, data, { ...options, overwrite: true });
  }
}

/**
 * Splits layers at the ranks that a penalty's last proximal step kept, which changes no more than rounding.
 * @returns undefined while the weights are not of those ranks: an averaging optimizer that still averages
 */
export async function truncateToKept(
  run: Run,
  kept: Readonly<Record<string, number>>,
  { inputs, onEvent }: Pick<Truncation, "inputs" | "onEvent">,
): Promise<TruncatedRun | undefined> {
  const { model: full, data } = run;
  const { engine, ...judging } = judgingOf(run);
  const found = spectra(full);
  const named = found.layers.filter((l) => kept[l.weight] !== undefined);
  const ranks = new Map(named.map((l) => [l.weight, Math.max(1, kept[l.weight])])); // a zero weight falls to `shrink`
  const { model: truncated, layers } = truncate(found, ranks, { dense: "keep" });
  const { agree } = await verify(full, truncated, { engine, inputs });
  if (!agree) {
    onEvent?.({ type: "ranksNotReached" });
    return undefined;
  }
  if (!layers.some((l) => l.split)) onEvent?.({ type: "nothingSplit", rule: "prox", composed: false });
  const { accuracy } = await evaluate(truncated, data, { engine, ...judging });
  const exact = { rule: "prox", factors: 1, fineTuned: 0, recomposedRelDiff: 0, seconds: 0 };
  return { full, truncated, lowRank: { ...exact, truncatedAccuracy: accuracy, layers } };
}
