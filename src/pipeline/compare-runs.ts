/** The runs of a comparison, one after another; a failed one does not stop the rest. */
import { aFunction, aList, anObject, aStore, wants } from "../given.ts";
import type { Comparison } from "../report/comparison.ts";
import type { Summary } from "../report/results.ts";
import type { Store } from "../train/store.ts";
import { type ComparisonDocument, type EndedRun, type PlannedRun, writeComparison } from "./comparison-files.ts";
import { type Failing, type RunOutcome, runOutcome, workThrough } from "./work.ts";

/** What a comparison tells on its way. */
export type ComparisonEvent =
  /** It starts or goes on; these runs are finished already. */
  | { readonly type: "comparing"; readonly runs: readonly PlannedRun[]; readonly finished: number }
  /** A run starts; `ended` are those before it, `left` those to come, itself among them. */
  | {
      readonly type: "run";
      readonly run: PlannedRun;
      readonly ended: readonly EndedRun[];
      readonly left: readonly PlannedRun[];
    }
  /** It ended, well or not. */
  | { readonly type: "ended"; readonly run: EndedRun };

/** What is to be compared. */
export interface ComparisonPlan<R extends PlannedRun> extends Omit<Comparison, "runs"> {
  /** In the order in which they are made. */
  readonly runs: readonly R[];
}

/** How. */
export interface ComparingOptions<R extends PlannedRun> extends Failing {
  /** Its own, with the runs' in it. */
  readonly store: Store;
  /** Makes a run, to its summary; undefined when it was stopped. */
  readonly complete: (run: R) => Promise<Summary | undefined>;
  /** Runs that ended before; those that failed are retried. Default: none. */
  readonly ended?: readonly EndedRun[];
  /** Stops before the next run. */
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: ComparisonEvent) => void;
}

/** What a comparison came to. */
export interface Compared {
  /** With the course of every run: for `methodTable`, `comparisonHtml`, `comparisonCharts`. */
  readonly comparison: Comparison;
  /** As compare.json keeps it. */
  readonly document: ComparisonDocument;
  /** Whether runs are still to come, because it was stopped. */
  readonly stopped: boolean;
}

/**
 * Makes all runs that are not finished, and writes compare.json, .csv, .md, .html and the charts after each.
 * @throws what a run fails with, if that is fatal; EspalierError when the store cannot be written
 */
export async function compareRuns<R extends PlannedRun>(
  plan: ComparisonPlan<R>,
  options: ComparingOptions<R>,
): Promise<Compared> {
  wants(
    "compareRuns",
    ["plan", anObject, plan],
    ["plan.runs", aList, plan, "runs"],
    ["options", anObject, options],
    ["store", aStore, options, "store"],
    ["complete", aFunction, options, "complete"],
  );
  const { store, complete, ended: before = [], onEvent, ...failing } = options;
  const ended = new Map(before.map((run) => [run.folder, run]));
  const todo = plan.runs.filter((run) => ended.get(run.folder)?.summary === undefined);
  const { runs, ...comparison } = plan;
  const writeSoFar = () =>
    writeComparison(
      store,
      comparison,
      runs.flatMap((run) => ended.get(run.folder) ?? []),
    );
  let written = await writeSoFar();
  onEvent?.({ type: "comparing", runs, finished: runs.length - todo.length });
  let at = 0;
  const stopped = await workThrough<R>({
    signal: options.signal,
    next: () => todo[at],
    async work(run) {
      onEvent?.({ type: "run", run, ended: [...ended.values()], left: todo.slice(at) });
      const outcome = await runOutcome(() => complete(run), failing);
      if (!outcome) return false;
      at++;
      const result = endedRun(run, outcome);
      ended.set(run.folder, result);
      written = await writeSoFar();
      onEvent?.({ type: "ended", run: result });
      return true;
    },
  });
  return { ...written, stopped };
}

function endedRun({ method, seed, folder }: PlannedRun, { seconds, result, error }: RunOutcome<Summary>): EndedRun {
  if (!result) return { method, seed, folder, seconds, error };
  return { method, seed, folder, seconds: Math.max(seconds, result.seconds), summary: result };
}
