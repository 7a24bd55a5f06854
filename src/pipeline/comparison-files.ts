/** A comparison's files: its settings and results, and the stores of its runs, METHOD/seed-N. */

import { z } from "zod";
import { aList, anObject, aStore, aText, wants } from "../given.ts";
import { type Comparison, type MethodResult, methodCsv, methodResults } from "../report/comparison.ts";
import { comparisonCharts } from "../report/comparison-charts.ts";
import { comparisonHtml, comparisonMarkdown } from "../report/comparison-documents.ts";
import type { Summary } from "../report/results.ts";
import { clearRun } from "../train/run-files.ts";
import { type Store, writeJson } from "../train/store.ts";
import { epochsIn } from "./epochs-in.ts";
import { savedJson } from "./saved-json.ts";

/** Settings and results; written before the first run, so it marks a comparison, and after the documents, so it says that they are whole. */
export const COMPARISON = "compare.json";

/** One method with one seed. */
export interface PlannedRun {
  readonly method: string;
  readonly seed: number;
  /** Where its files are, relative to the comparison's: rmda/seed-1. */
  readonly folder: string;
}

/** A run that ended, as compare.json keeps it: with a summary, or with an error if it failed. */
export interface EndedRun extends PlannedRun {
  /** Wall time of the whole run. */
  readonly seconds: number;
  readonly summary?: Summary;
  readonly error?: string;
}

/** compare.json */
export interface ComparisonDocument extends Omit<Comparison, "methods" | "runs"> {
  readonly methods: readonly MethodResult[];
  readonly runs: readonly EndedRun[];
}

/** "Prox SGD, λ 1e-3" → "prox-sgd-λ-1e-3"; empty for a name without letters and digits. */
export const methodFolder = (method: string): string =>
  method
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{M}\p{N}]+/gu, "-")
    .replaceAll(/^-|-$/g, "");

/** A folder of a run: METHOD/seed-N and nothing that leads out of the comparison's. */
const RUN_FOLDER = /^[\p{L}\p{M}\p{N}-]+[\\/]seed--?\d+$/u;

const parts = ({ folder }: Pick<PlannedRun, "folder">): string[] => folder.split(/[\\/]/);

/** The store of a run in the comparison's. */
export const storeOf = (store: Store, run: Pick<PlannedRun, "folder">): Store =>
  parts(run).reduce((inner, part) => inner.within(part), store);

/** compare.json as it is read back. What stands here may be cleared, so a folder that a plan cannot name is refused. */
const saved = z.object({
  config: z.record(z.string(), z.unknown()),
  runs: z.array(
    z.object({
      method: z.string(),
      seed: z.int(),
      folder: z.string().regex(RUN_FOLDER, "is not METHOD/seed-N"),
      seconds: z.number(),
      error: z.string().optional(),
    }),
  ),
});

/** What an earlier comparison left in its store. */
export interface SavedComparison {
  readonly config: Readonly<Record<string, unknown>>;
  readonly runs: readonly Omit<EndedRun, "summary">[];
}

/**
 * The settings and runs of the comparison that a store holds.
 * @returns undefined when it holds none
 * @throws EspalierError when compare.json is there and cannot be used
 */
export async function savedComparison(store: Store): Promise<SavedComparison | undefined> {
  wants("savedComparison", ["store", aStore, store]);
  return savedJson(store, COMPARISON, saved);
}

/** What a comparison shows, beside its charts. */
const DOCUMENTS = { csv: "compare.csv", markdown: "compare.md", page: "compare.html" } as const;

/**
 * Clears runs of a comparison that starts afresh. First it says of itself what is true at any moment from then on: which runs it may
 * have, and no result of any.
 * @param runs those that it has, and those that it will have
 */
export async function clearComparison(store: Store, runs: readonly Pick<PlannedRun, "folder">[]): Promise<void> {
  wants("clearComparison", ["store", aStore, store], ["runs", aList, runs]);
  const bytes = await store.read(COMPARISON);
  if (bytes) {
    const before = await savedComparison(store).catch(() => undefined); // damaged: there is nothing to go on with
    if (!before) await store.remove(COMPARISON);
    else await writeJson(store, COMPARISON, { ...before, methods: [], runs: before.runs.map(withoutResult) });
  }
  for (const name of Object.values(DOCUMENTS)) await store.remove(name);
  for (const run of runs) await clearComparedRun(store, run);
}

const withoutResult = ({ method, seed, folder }: PlannedRun) => ({ method, seed, folder, seconds: 0 });

/**
 * Removes the files of a compared run, and its folders if nothing else is in them.
 * @throws EspalierError when somebody else works on it
 */
export async function clearComparedRun(store: Store, run: Pick<PlannedRun, "folder">): Promise<void> {
  wants("clearComparedRun", ["store", aStore, store], ["run", anObject, run], ["run.folder", aText, run, "folder"]);
  const own = storeOf(store, run);
  if ((await own.list()).length > 0) {
    const unlock = await own.lock();
    await clearRun(own).finally(unlock);
  }
  for (let path = parts(run); path.length > 0; path = path.slice(0, -1)) {
    const within = (names: readonly string[]) => names.reduce((inner, name) => inner.within(name), store);
    if ((await within(path).list()).length > 0) return;
    await within(path.slice(0, -1)).remove(path[path.length - 1]);
  }
}

/**
 * Writes results as far as they are known: charts, compare.csv, .md, .html and, last, compare.json. Before the first run ended they
 * are empty, so that those of a comparison that stood here before do not stay.
 */
export async function writeComparison(
  store: Store,
  comparison: Omit<Comparison, "runs">,
  ended: readonly EndedRun[],
): Promise<{ readonly comparison: Comparison; readonly document: ComparisonDocument }> {
  const { title, config, environment, seeds } = comparison;
  const runs = await Promise.all(ended.map(async (r) => ({ ...r, epochs: await epochsIn(storeOf(store, r)) })));
  const whole: Comparison = { ...comparison, runs };
  const document = { title, config, environment, seeds, methods: methodResults(whole), runs: ended };
  const charts = await comparisonCharts(whole);
  const write = (name: string, text: string) => store.write(name, new TextEncoder().encode(text));
  for (const [name, { svg }] of Object.entries(charts)) await write(`${name}.svg`, svg);
  await write(DOCUMENTS.csv, methodCsv(whole));
  await write(DOCUMENTS.markdown, comparisonMarkdown(whole, charts));
  await write(DOCUMENTS.page, comparisonHtml(whole, charts));
  await writeJson(store, COMPARISON, document);
  return { comparison: whole, document };
}
