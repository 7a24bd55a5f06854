/** Several methods with several seeds on one problem, and what they came to. */
import { checkInteger } from "../checks.ts";
import { UsageError } from "../error.ts";
import type { EpochMetrics } from "../report/results.ts";
import { memory } from "../train/memory.ts";
import { settingsOf } from "../train/record.ts";
import type { Run } from "../train/run.ts";
import { FILES } from "../train/run-files.ts";
import type { Store } from "../train/store.ts";
import { type Compared, type ComparisonEvent, compareRuns } from "./compare-runs.ts";
import {
  clearComparedRun,
  type EndedRun,
  methodFolder,
  type PlannedRun,
  savedComparison,
  storeOf,
} from "./comparison-files.ts";
import { engineEnvironment } from "./environment.ts";
import type { FinishEvent } from "./events.ts";
import { type FinishOptions, finish } from "./finish.ts";
import { savedSummary } from "./summary-file.ts";

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
 * charts as far as they are known; called again it goes on where it was stopped and retries what failed.
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
 * @throws UsageError, EspalierError before anything is trained, for what does not fit together and for finished runs of other settings;
 *   later UsageError when a run that was stopped or failed has other settings now
 */
export async function compare(
  methods: Readonly<Record<string, ComparedMethod>>,
  options: CompareOptions = {},
): Promise<Compared> {
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
  const ended = overwrite ? [] : await endedBefore(runs, store, (run) => methods[run.method](placeOf(run)));
  if (overwrite) await clearAll(runs, store);
  const [{ model, data, options: first }] = firsts;
  const {
    title = `${model.graph.name} on ${data.name}`,
    environment = engineEnvironment(first.engine),
    config = { methods: Object.fromEntries(firsts.map((run, i) => [names[i], settingsOf(run.options, run.data)])) },
  } = options;
  return compareRuns(
    { title, methods: names, seeds, config, environment, runs },
    {
      store,
      signal,
      isFatal: (e) => e instanceof UsageError,
      onEvent,
      ended,
      async complete(run) {
        const place = placeOf(run);
        const made = methods[run.method](place);
        for await (const metrics of made) onEvent?.({ type: "epoch", run, metrics });
        if (!made.finished) return undefined;
        const how = { ...finishing[run.method], store: place.store, environment, onEvent };
        return (await finish(made, how)).summary;
      },
    },
  );
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
    if (summary && (await own.read(FILES.checkpoint))) {
      for await (const _ of describe(run)); // compares its settings with its checkpoint, and has nothing left to train
      ended.push({ ...run, seconds: noted?.seconds ?? summary.seconds, summary });
    } else if (noted?.error !== undefined) ended.push({ ...run, seconds: noted.seconds, error: noted.error });
  }
  return ended;
}

/** Clears these runs and those of the comparison that the store holds. */
async function clearAll(runs: readonly PlannedRun[], store: Store): Promise<void> {
  const before = await savedComparison(store).catch(() => undefined); // damaged: as if there were none
  for (const run of [...runs, ...(before?.runs ?? [])]) await clearComparedRun(store, run);
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
