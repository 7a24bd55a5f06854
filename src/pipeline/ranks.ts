/** How many singular values each layer keeps, by one of three rules, and how a stopped run goes on with those that were chosen. */

import { z } from "zod";
import type { Dataset } from "../data/dataset.ts";
import { UsageError } from "../error.ts";
import { anObject, wants } from "../given.ts";
import { type GlobalOptions, globalRanks, type LocalOptions, localRanks, type Ranks } from "../lowrank/ranks.ts";
import type { Spectra } from "../lowrank/spectra.ts";
import type { ScoringOptions } from "../train/evaluator.ts";
import { RANKS } from "../train/run-files.ts";
import { type Store, writeJson } from "../train/store.ts";
import type { RankEvent } from "./events.ts";
import { searchRanks } from "./rank-search.ts";

/** The same share of each layer, one threshold for all, or the least loss first while the accuracy holds. */
export type RankRule =
  | ({ readonly rule: "local" } & LocalOptions)
  | ({ readonly rule: "global" } & GlobalOptions)
  | { readonly rule: "iterative"; readonly tolerance?: number };

/** What a model is judged by while ranks are chosen. */
export interface Judging extends ScoringOptions {
  /** The iterative rule wants it. */
  readonly data?: Dataset;
  /** Of the samples that the iterative rule draws. Default 1. */
  readonly seed?: number;
  /** Once it is aborted, choosing ranks fails with its reason. */
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: RankEvent) => void;
}

/** @throws UsageError for options out of range, and when the iterative rule has no accuracy to judge by */
export async function chooseRanks(found: Spectra, rule: RankRule, judging: Judging): Promise<Ranks> {
  wants("chooseRanks", ["found", anObject, found], ["rule", anObject, rule], ["judging", anObject, judging]);
  if (rule.rule === "local") return localRanks(found, rule);
  if (rule.rule === "global") return globalRanks(found, rule);
  const { data, onEvent, ...scoring } = judging;
  if (!data) throw new UsageError("conflict", "the iterative rule judges by accuracy", { wanted: "data" });
  let count = 0;
  const search = await searchRanks(found, data, {
    ...scoring,
    tolerance: rule.tolerance,
    onStep: (step) => onEvent?.({ type: "reduction", count: ++count, step }),
  });
  onEvent?.({ type: "searched", search, split: data.val ? "validation" : "training" });
  return search.ranks;
}

const savedRanks = z.object({
  seconds: z.number(),
  choice: z.record(z.string(), z.union([z.string(), z.number()])),
  ranks: z.record(z.string(), z.int().min(1)),
});

/** Ranks, and how long they took to choose. */
interface Chosen {
  readonly ranks: Ranks;
  readonly seconds: number;
}

/**
 * Ranks as they were chosen before the run was stopped, else new ones, which are kept before anything is made of them.
 * @param renewed called before new ones are kept: what was made of others is of no use then
 */
export async function keptRanks(
  found: Spectra,
  rule: RankRule,
  judging: Judging,
  store: Store | undefined,
  renewed: (store: Store) => Promise<void>,
): Promise<Chosen> {
  const saved = store && (await readRanks(store));
  const fits =
    saved &&
    same(saved.choice, JSON.parse(JSON.stringify(rule))) &&
    found.layers.length === Object.keys(saved.ranks).length &&
    found.layers.every((l) => saved.ranks[l.weight] <= l.values.length);
  judging.onEvent?.({ type: "choosing", rule: rule.rule, saved: Boolean(fits) });
  if (fits) return { ranks: new Map(Object.entries(saved.ranks)), seconds: saved.seconds };
  const begun = performance.now();
  const ranks = await chooseRanks(found, rule, judging);
  const seconds = (performance.now() - begun) / 1000;
  if (store) {
    await renewed(store);
    await writeJson(store, RANKS, { choice: rule, seconds, ranks: Object.fromEntries(ranks) });
  }
  return { ranks, seconds };
}

type Choice = Readonly<Record<string, string | number>>;
const same = (a: Choice, b: Choice): boolean => [...Object.keys({ ...a, ...b })].every((key) => a[key] === b[key]);

/** What cannot be read is chosen again. */
async function readRanks(store: Store): Promise<z.infer<typeof savedRanks> | undefined> {
  const bytes = await store.read(RANKS);
  try {
    return bytes && savedRanks.parse(JSON.parse(new TextDecoder().decode(bytes)));
  } catch {
    return undefined;
  }
}
