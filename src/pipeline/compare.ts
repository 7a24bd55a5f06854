/** Several methods with several seeds on one problem, and what they came to. */

import { checkInteger } from "../checks.ts";
import { EspalierError, UsageError } from "../error.ts";
import { aFunction, anObject, aStore, maybe, wants } from "../given.ts";
import type { EpochMetrics } from "../report/results.ts";
import { checkpointConfig } from "../train/journal.ts";
import { memory } from "../train/memory.ts";
import { checkSameConfig, describeConfig, differingKeys, settingsOf } from "../train/record.ts";
import type { Run } from "../train/run.ts";
import { clearRun } from "../train/run-files.ts";
import type { Store } from "../train/store.ts";
import { type Compared, type ComparisonEvent, compareRuns } from "./compare-runs.ts";
import {
  clearComparison,
  type EndedRun,
  methodFolder,
  type PlannedRun,
  savedComparison,
  storeOf,
} from "./comparison-files.ts";
import { engineEnvironment } from "./environment.ts";
import type { FinishEvent } from "./events.ts";
import { type FinishOptions, finish } from "./finish.ts";
import { savedSettings, savedSummary } from "./summary-file.ts";

/** What differs between the runs of a method, as options of `train`. */
export interface RunPlace {
  readonly seed: number;
  readonly store: Store;
  readonly resume: true;
  readonly signal: AbortSignal | undefined;
}

/** Describes the run of a method: `(place) => train(models.lenet5({ seed: place.seed }), data, { engine, …, ...place })`. */
export type ComparedMethod = (place: RunPlace) => Run;

/** What a comparison and its runs tell on their way. */
export type CompareEvent =
  | ComparisonEvent
  | FinishEvent
  | { readonly type: "epoch"; readonly run: PlannedRun; readonly metrics: EpochMetrics };

/** Options of `compare`. */
export interface CompareOptions extends Pick<FinishOptions, "environment"> {
  /** Every method runs with each of them. Default [1]. */
  readonly seeds?: readonly number[];
  /** The runs' files and the results go there, and what is finished there is not made again. Default: in memory. */
  readonly store?: Store;
  /** Of the documents. Default: the model's name on the data's. */
  readonly title?: string;
  /** The settings that compare.json and the page show. Default: the options of each method's first run. */
  readonly config?: Readonly<Record<string, unknown>>;
  /** How the runs of a method are finished beyond shrinking, by its name: truncation of singular values. Default: not. */
  readonly finishing?: Readonly<Record<string, Pick<FinishOptions, "rank" | "fineTune">>>;
  /** Start afresh although the store holds a comparison. Default false. */
  readonly overwrite?: boolean;
  /** Stops after the current step, with a checkpoint. */
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: CompareEvent) => void;
}

/**
 * Trains and finishes every method with every seed: all methods with the first seed, then with the next, so that a first comparison
 * is there early. A run that fails does not stop the rest. After each run the store has compare.json, .csv, .md, .html and the
 * charts as far as they are known; called again it goes on where it was stopped and retries what failed, afresh where that has other
 * settings now. The store is locked meanwhile.
 * ```ts
 * const shared = { engine: node(), schedule: multiStep({ lr: 0.2, milestones: [7, 10] }), epochs: 12 };
 * const lenet = (method: Pick<TrainOptions, "optimizer" | "penalty">): ComparedMethod =>
 *   (place) => train(models.lenet5({ seed: place.seed }), data, { ...shared, ...method, ...place });
 * const { comparison } = await compare(
 *   { SGD: lenet({ optimizer: sgd() }), RMDA: lenet({ optimizer: rmda(), penalty: groupLasso({ lambda: 1e-3 }) }) },
 *   { seeds: [1, 2, 3], store: directory("runs/methods") },
 * );
 * console.log(markdown(methodTable(comparison)));
 * ```
 * @param methods by their names, in the order of the tables
 * @throws UsageError, EspalierError before anything is trained, for what does not fit together, for finished runs of other settings, and
 *   when somebody else writes to the store; later UsageError when a run that was stopped has other settings now, EspalierError when
 *   somebody else works on a run
 */
export async function compare(
  methods: Readonly<Record<string, ComparedMethod>>,
  options: CompareOptions = {},
): Promise<Compared> {
  wants(
    "compare",
    ["methods", anObject, methods],
    ["options", anObject, options],
    ["store", maybe(aStore), options, "store"],
  );
  for (const [name, method] of Object.entries(methods)) wants("compare", [name, aFunction, method]);
  const { seeds = [1], store = memory(), signal, overwrite = false, finishing = {}, onEvent } = options;
  const names = Object.keys(methods);
  const runs = planned(names, seeds);
  const placeOf = (run: PlannedRun): RunPlace => ({
    seed: run.seed,
    store: storeOf(store, run),
    resume: true,
    signal,
  });
  const firsts = runs.slice(0, names.length).map((run) => methods[run.method](placeOf(run))); // checks every method
  const [{ model, data, options: first }] = firsts;
  const {
    title = `${model.graph.name} on ${data.name}`,
    environment = engineEnvironment(first.engine),
    config = { methods: Object.fromEntries(firsts.map((run, i) => [names[i], settingsOf(run.options, run.data)])) },
  } = options;

  const unlock = await store.lock();
  try {
    if (overwrite) await clearAll(runs, store);
    const ended = await endedBefore(runs, store, (run) => methods[run.method](placeOf(run)));
    const failed = new Set(ended.flatMap((run) => (run.error === undefined ? [] : [run.folder])));
    const isFatal = (e: unknown) => e instanceof UsageError || (e instanceof EspalierError && e.code === "locked");
    const make = async (run: PlannedRun, place: RunPlace) => {
      const made = methods[run.method](place);
      if (failed.has(run.folder) && !(await canGoOn(made, place.store))) await clearRun(place.store);
      for await (const metrics of made) onEvent?.({ type: "epoch", run, metrics });
      if (!made.finished) return undefined;
      const how = { ...finishing[run.method], store: place.store, environment, onEvent };
      return (await finish(made, how)).summary;
    };
    const complete = async (run: PlannedRun) => {
      const place = placeOf(run);
      const unlockRun = await place.store.lock();
      return make(run, place).finally(unlockRun);
    };
    const plan = { title, methods: names, seeds, config, environment, runs };
    return await compareRuns(plan, { store, signal, isFatal, onEvent, ended, complete });
  } finally {
    await unlock();
  }
}

/**
 * The runs that ended in an earlier call.
 * @throws UsageError when one of them finished with other settings; EspalierError when compare.json cannot be used
 */
async function endedBefore(
  runs: readonly PlannedRun[],
  store: Store,
  describe: (run: PlannedRun) => Run,
): Promise<EndedRun[]> {
  const before = await savedComparison(store);
  const ended: EndedRun[] = [];
  for (const run of runs) {
    const noted = before?.runs.find((r) => r.folder === run.folder);
    const own = storeOf(store, run);
    const summary = await savedSummary(own);
    if (summary) {
      await checkFinished(describe(run), own);
      ended.push({ ...run, seconds: noted?.seconds ?? summary.seconds, summary });
    } else if (noted?.error !== undefined) ended.push({ ...run, seconds: noted.seconds, error: noted.error });
  }
  return ended;
}

/**
 * A run that is finished needs its checkpoint no more: where that is damaged or gone, run.json says what its settings were.
 * @throws UsageError when it has other settings now
 */
async function checkFinished(run: Run, store: Store): Promise<void> {
  const saved = await checkpointConfig(store);
  if (saved) return checkSameConfig(saved, await describeConfig(run.model, run.data, run.options), store.location);
  const shown = await savedSettings(store);
  if (shown) checkSameConfig(shown, JSON.parse(JSON.stringify(settingsOf(run.options, run.data))), store.location);
}

/** Whether a run that failed has a checkpoint to go on from, or none that would be in its way. */
async function canGoOn(run: Run, store: Store): Promise<boolean> {
  const saved = await checkpointConfig(store);
  return (
    saved !== undefined && differingKeys(saved, await describeConfig(run.model, run.data, run.options)).length === 0
  );
}

/** Clears these runs and those of the comparison that the store holds. */
async function clearAll(runs: readonly PlannedRun[], store: Store): Promise<void> {
  const before = await savedComparison(store).catch(() => undefined); // damaged: as if there were none
  await clearComparison(store, [...runs, ...(before?.runs ?? [])]);
}

/** @throws UsageError for what cannot be compared */
function planned(methods: readonly string[], seeds: readonly number[]): PlannedRun[] {
  if (methods.length === 0)
    throw new UsageError("missing", "there are no methods to compare", { wanted: "at least one" });
  if (seeds.length === 0 || new Set(seeds).size < seeds.length)
    throw new UsageError("out-of-range", "the seeds cannot be used", {
      got: `[${seeds.join(", ")}]`,
      wanted: "different ones, at least one",
    });
  for (const seed of seeds) checkInteger("seed", seed, Number.MIN_SAFE_INTEGER);
  const folders = methods.map(methodFolder);
  folders.forEach((folder, i) => {
    const first = folders.indexOf(folder);
    if (folder === "" || first < i)
      throw new UsageError(
        "conflict",
        folder === "" ? `the method "${methods[i]}" has no letter or digit` : "two methods would share one folder",
        { got: [...(first < i ? [methods[first]] : []), methods[i]].join(", ") },
        "give it another name",
      );
  });
  return seeds.flatMap((seed) => methods.map((method, i) => ({ method, seed, folder: `${folders[i]}/seed-${seed}` })));
}
