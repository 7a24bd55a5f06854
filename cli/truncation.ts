/** What follows training when ranks are truncated: compose back, prove that exact, choose ranks, truncate, perhaps fine-tune. */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import {
  EspalierError,
  type EvaluateOptions,
  evaluate,
  FINE_TUNING,
  type Inputs,
  type LowRank,
  type Model,
  RANKS,
  type Ranks,
  recompose,
  type Spectra,
  type Store,
  significant,
  spectra,
  truncate,
  verify,
  writeJson,
} from "espalier";
import { directory } from "espalier/node";
import { z } from "zod";
import type { Finishing } from "./finish.ts";
import { chooseRanks, fineTune, type Judging, type RankChoice } from "./low-rank.ts";
import { augmentSetting } from "./settings/augment.ts";

export interface TruncatedRun {
  /** As trained, composed back. */
  readonly full: Model;
  readonly truncated: Model;
  readonly lowRank: Omit<LowRank, "smallRelDiff">;
}

/**
 * Splits layers at the ranks that a penalty's last proximal step kept, which changes no more than rounding.
 * @returns undefined while the weights are not of those ranks: an averaging optimizer that still averages
 */
export async function truncateToKept(
  full: Model,
  kept: Readonly<Record<string, number>>,
  inputs: readonly Inputs[],
  { engine, data, out, choices: { output } }: Finishing,
  { loss, normalization }: Pick<EvaluateOptions, "loss" | "normalization">,
): Promise<TruncatedRun | undefined> {
  const found = spectra(full);
  const named = found.layers.filter((l) => kept[l.weight] !== undefined);
  const ranks = new Map(named.map((l) => [l.weight, Math.max(1, kept[l.weight])])); // a zero weight falls to `shrink`
  const { model: truncated, layers } = truncate(found, ranks, { dense: "keep" });
  const verification = await verify(full, truncated, { engine, inputs });
  const note = (text: string) => out.warn(`${out.colour.yellow("note:")} ${text}`);
  if (!verification.agree) {
    note(
      "the weights are not exactly of the ranks that the penalty kept, so no layer was split: the average of the optimizer " +
        "still trails behind. Train more epochs after c = 1.",
    );
    return undefined;
  }
  if (!layers.some((l) => l.split)) note("no layer gets smaller at the ranks that are left. Try a larger --lambda.");
  const { accuracy } = await evaluate(truncated, data, { engine, loss, output, normalization });
  const exact = { rule: "prox", factors: 1, fineTuned: 0, recomposedRelDiff: 0, seconds: 0 };
  return { full, truncated, lowRank: { ...exact, truncatedAccuracy: accuracy, layers } };
}

/** @throws EspalierError when the model composed back computes something else */
export async function truncateRun(
  trained: Model,
  inputs: readonly Inputs[],
  { choices, engine, data, out, store, interruption: { signal } }: Finishing,
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
  const { rankRule: rule, lorita: factors = 1, seed, output } = choices;
  const choice = {
    rule: rule!,
    keep: choices.rankKeep,
    tolerance: choices.rankTolerance,
    relative: choices.rankRelative,
  };
  const { dim } = out.colour;
  if (factors > 1) out.say(dim(`composed back: ${significant(verification.maxRel)} relative difference`));
  const judging = { engine, data, loss, output, normalization, seed, out, signal };
  const found = spectra(full, { freeze: choices.freeze });
  for (const { weight, why } of found.skipped) out.say(dim(`  ${weight} is left alone: it ${why}`));
  const { ranks, seconds } = await chosenRanks(found, choice, judging, store);
  const { model: cut, layers } = truncate(found, ranks);
  if (!layers.some((l) => l.split))
    out.warn(
      `${out.colour.yellow("note:")} no layer gets smaller at these ranks, so all stay as they are. ${
        rule === "iterative" ? "Allow a larger --rank-tolerance" : "Use a smaller --rank-keep"
      }${factors > 1 ? ", or train to a lower rank with a larger --weight-decay" : ""}.`,
    );
  const { accuracy } = await evaluate(cut, data, judging);
  const epochs = choices.fineTune ?? 0;
  const { freeze, augment } = choices;
  const same = { freeze, augment: augmentSetting(augment) }; // fine-tuning moves and sees what training did
  const tuning = { ...judging, ...same, epochs, store: directory(join(store.location, FINE_TUNING)) };
  const tuned = epochs > 0 ? await fineTune(cut, tuning) : { model: cut, seconds: 0 };
  const lowRank = {
    rule: rule!,
    factors,
    fineTuned: epochs,
    recomposedRelDiff: verification.maxRel,
    truncatedAccuracy: accuracy,
    seconds: seconds + tuned.seconds,
    layers,
  };
  return { full, truncated: tuned.model, lowRank };
}

const savedRanks = z.object({
  seconds: z.number(),
  choice: z.record(z.string(), z.union([z.string(), z.number()])),
  ranks: z.record(z.string(), z.int().min(1)),
});

/**
 * Ranks as they were chosen before the run was stopped, else new ones, which are kept before anything is made of them.
 * Fine-tuning goes on from its own checkpoint, which belongs to the ranks; without them it is of no use.
 */
async function chosenRanks(
  found: Spectra,
  choice: RankChoice,
  judging: Judging,
  store: Store,
): Promise<{ ranks: Ranks; seconds: number }> {
  const { say, colour } = judging.out;
  const saved = await readRanks(store);
  const fits =
    saved &&
    isDeepStrictEqual(saved.choice, JSON.parse(JSON.stringify(choice))) &&
    found.layers.length === Object.keys(saved.ranks).length &&
    found.layers.every((l) => saved.ranks[l.weight] <= l.values.length);
  if (fits) {
    say(colour.dim("going on with the ranks that were chosen"));
    return { ranks: new Map(Object.entries(saved.ranks)), seconds: saved.seconds };
  }
  say(colour.dim(`choosing ranks, ${choice.rule} …`));
  const begun = performance.now();
  const ranks = await chooseRanks(found, choice, judging);
  const seconds = (performance.now() - begun) / 1000;
  await rm(join(store.location, FINE_TUNING), { recursive: true, force: true });
  await writeJson(store, RANKS, { choice, seconds, ranks: Object.fromEntries(ranks) });
  return { ranks, seconds };
}

/** What cannot be read is chosen again. */
async function readRanks(store: Store): Promise<z.infer<typeof savedRanks> | undefined> {
  const bytes = await store.read(RANKS);
  try {
    return bytes && savedRanks.parse(JSON.parse(new TextDecoder().decode(bytes)));
  } catch {
    return undefined;
  }
}
