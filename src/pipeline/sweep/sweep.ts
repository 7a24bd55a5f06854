/** A search over anything that a run can be told. */
import { UsageError } from "../../error.ts";
import { aFunction, anObject, aStore, maybe, wants } from "../../given.ts";
import type { EpochMetrics } from "../../report/results.ts";
import { memory } from "../../train/memory.ts";
import { describeConfig, settingsOf } from "../../train/record.ts";
import type { Run } from "../../train/run.ts";
import { tellsClasses } from "../../train/score.ts";
import type { Store } from "../../train/store.ts";
import { engineEnvironment } from "../environment.ts";
import type { FinishEvent } from "../events.ts";
import { type FinishOptions, finish } from "../finish.ts";
import { type SweepSearch, sweepPlan } from "./plan.ts";
import { suggestion } from "./search.ts";
import type { SweepValues } from "./space.ts";
import type { SweepJob } from "./survey.ts";
import { checkSamePlan, clearSweep, type SweepIdentity, savedSweep } from "./sweep-files.ts";
import { type SweepEvent, type Swept, sweepTrials } from "./sweep-trials.ts";
import { isLocked } from "./trial-files.ts";
import { trialKey } from "./trial-key.ts";

/** Where a trial's run is made, as options of `train`. */
export interface SweepPlace {
  readonly store: Store;
  readonly resume: true;
  readonly signal: AbortSignal;
}

/** Describes the run of a trial: `({ lr }, place) => train(model, data, { engine, schedule: constant({ lr }), …, ...place })`. */
export type SweptTrial = (values: SweepValues, place: SweepPlace) => Run;

/** Options of `sweep`. */
export interface SweepOptions extends SweepSearch, Partial<SweepIdentity> {
  /** The trials' files and the results go there; what stands there is gone on with. Default: in memory. */
  readonly store?: Store;
  /** How trials are finished beyond shrinking. Default: not. */
  readonly finishing?: Pick<FinishOptions, "rank" | "fineTune">;
  /** Start afresh although the store holds a sweep. Default false. */
  readonly overwrite?: boolean;
  /** Stops after the current step, with a checkpoint. */
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: SweepEvent | FinishEvent | TrialEpoch) => void;
}

/** An epoch of a trial. */
export interface TrialEpoch {
  readonly type: "epoch";
  readonly job: SweepJob;
  readonly metrics: EpochMetrics;
}

/**
 * Trains and finishes trials one after another until the search is complete; a trial that fails does not stop the rest. A trial's folder
 * is called by the hash of its resolved configuration. Whatever is stopped or killed is gone on with when `sweep` is called again, and
 * several processes that call it on one folder share the work: the results are those of a single undisturbed call.
 * ```ts
 * const { result } = await sweep(
 *   ({ lr, lambda }, place) => train(models.lenet5({ seed: 1 }), data, {
 *     engine, optimizer: rmda(), schedule: constant({ lr }), penalty: groupLasso({ lambda }), epochs: 9, ...place }),
 *   {
 *     space: { lr: { from: 0.01, to: 1, scale: "log" }, lambda: { from: 1e-4, to: 1e-2, scale: "log" } },
 *     search: "tpe", trials: 30, objectives: ["accuracy", "params"], stopping: true, store: directory("runs/sweep"),
 *   },
 * );
 * console.log(markdown(frontTable(result)));
 * ```
 * @throws UsageError, EspalierError before anything is trained, for what does not fit together and for a sweep of other settings in the store
 */
export async function sweep(trial: SweptTrial, options: SweepOptions): Promise<Swept> {
  wants(
    "sweep",
    ["trial", aFunction, trial],
    ["options", anObject, options],
    ["space", anObject, options, "space"],
    ["store", maybe(aStore), options, "store"],
  );
  const { store = memory(), signal, overwrite = false, finishing, onEvent } = options;
  const described = (values: SweepValues) =>
    trial(values, { store: memory(), resume: true, signal: new AbortController().signal });
  const probe = sweepPlan({ ...options, objectives: ["loss"], stopping: false }, 1);
  const first = described(suggestion(0, probe, []));
  const plan = sweepPlan(options, first.options.epochs, tellsClasses(first.options));
  if (plan.rungs.length > 0)
    for (const [name, dimension] of Object.entries(plan.space))
      for (const value of "values" in dimension ? dimension.values : [dimension.from, dimension.to])
        checkRungs(plan.rungs, first, described({ ...suggestion(0, probe, []), [name]: value }), name);
  const {
    title = `${first.model.graph.name} on ${first.data.name}`,
    environment = engineEnvironment(first.options.engine),
    config = settingsOf(first.options, first.data),
  } = options;

  const before = overwrite ? undefined : await savedSweep(store);
  if (overwrite) await clearSweep(store);
  if (before) checkSamePlan(before, plan, store.location);

  const complete = async (job: SweepJob, own: Store): Promise<boolean> => {
    const pause = new AbortController();
    const stop = signal ? AbortSignal.any([signal, pause.signal]) : pause.signal;
    const run = trial(job.values, { store: own, resume: true, signal: stop });
    for await (const metrics of run) {
      onEvent?.({ type: "epoch", job, metrics });
      if (job.until !== undefined && metrics.epoch >= job.until) pause.abort();
    }
    if (!run.finished) return !signal?.aborted;
    if (!pause.signal.aborted) await finish(run, { ...finishing, store: own, environment, onEvent });
    return true;
  };
  return sweepTrials(
    plan,
    { title, config, environment },
    {
      store,
      ...(signal && { signal }),
      ...(onEvent && { onEvent }),
      complete,
      isFatal: isLocked,
      async keyOf(values) {
        const run = described(values);
        return trialKey(await describeConfig(run.model, run.data, run.options));
      },
    },
  );
}

/** @throws UsageError for a trial that is not scored at the epochs where trials are compared, or is longer or shorter than the others */
function checkRungs(rungs: readonly number[], first: Run, { options }: Run, name: string): void {
  const { epochs, evalEvery } = options;
  const unscored = rungs.find((epoch) => epoch % evalEvery !== 0);
  if (epochs === first.options.epochs && unscored === undefined) return;
  const inTheWay = unscored === undefined ? "epochs" : "evalEvery";
  throw new UsageError(
    "conflict",
    `early stopping and ${inTheWay} do not go together`,
    { got: `${inTheWay} ${options[inTheWay]}, varied by ${name}`, rungs: rungs.join(", ") },
    unscored === undefined ? "train all trials for as many epochs" : "score after each of these epochs",
  );
}
