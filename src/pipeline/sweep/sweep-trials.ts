/** The trials of a sweep, worked off by any number of processes that see its store: each claims what is open, and all come to the same. */
import { aFunction, anObject, aStore, wants } from "../../given.ts";
import type { SweepResult } from "../../report/sweep.ts";
import type { Store } from "../../train/store.ts";
import { type Failing, runOutcome, WAIT, workThrough } from "../work.ts";
import type { SweepValues } from "./space.ts";
import { type SweepJob, type SweepPlan, SweepSurveyor } from "./survey.ts";
import { type SweepIdentity, sweepResult, writeSettings, writeSweep } from "./sweep-files.ts";
import { claimTrial, clearFailure, noteFailure, trialStore } from "./trial-files.ts";

/** What a sweep tells on its way. */
export type SweepEvent =
  /** It starts or goes on. */
  | { readonly type: "sweeping"; readonly result: SweepResult }
  /** This process begins to work on a trial. */
  | { readonly type: "trial"; readonly job: SweepJob }
  /** It has done what there was to do on it; `error` if that failed. */
  | { readonly type: "done"; readonly job: SweepJob; readonly result: SweepResult; readonly error?: string };

/** How trials are made. */
export interface SweepingOptions extends Failing {
  /** Shared by all who work on the sweep. */
  readonly store: Store;
  /** The hash of the resolved configuration of a trial. */
  readonly keyOf: (values: SweepValues) => Promise<string>;
  /**
   * Trains a trial as far as the job says, from where it is.
   * @param store the trial's own
   * @param isOpen whether there is still something to do, by the trial's files: for what others make
   * @returns false when it was stopped before
   */
  readonly complete: (job: SweepJob, store: Store, isOpen: () => Promise<boolean>) => Promise<boolean>;
  /** Trials at once in this process's charge. Default 1. */
  readonly parallel?: number;
  /** Trials that failed before are tried again. Default false. */
  readonly retryFailed?: boolean;
  /** Takes no further trial. */
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: SweepEvent) => void;
}

/** What a sweep came to. */
export interface Swept {
  readonly result: SweepResult;
  /** Whether trials are still to come, because it was stopped. */
  readonly stopped: boolean;
}

/**
 * Works off the trials of a sweep. Called at once in several processes on one store they share the work; whoever is killed, another goes on
 * where its trial was. After each trial the store has sweep.json as far as it is known, from time to time and at the end
 * sweep.csv, .md, .html and the charts.
 * @throws what a trial fails with, if that is fatal; EspalierError when the store cannot be written
 */
export async function sweepTrials(plan: SweepPlan, identity: SweepIdentity, options: SweepingOptions): Promise<Swept> {
  wants(
    "sweepTrials",
    ["plan", anObject, plan],
    ["identity", anObject, identity],
    ["options", anObject, options],
    ["store", aStore, options, "store"],
    ["keyOf", aFunction, options, "keyOf"],
    ["complete", aFunction, options, "complete"],
  );
  const { store, keyOf, complete, parallel, retryFailed = false, signal, onEvent } = options;
  if (retryFailed)
    for (const { key, error } of (await new SweepSurveyor(plan, store, keyOf).look()).trials)
      if (error !== undefined) await clearFailure(trialStore(store, key));
  const surveyor = new SweepSurveyor(plan, store, keyOf);
  const resultNow = async () => sweepResult(plan, identity, await surveyor.look());
  let [wrote, took] = [performance.now(), 0];
  /** Charts cost what a small trial costs: they get a tenth of the time. */
  const write = async (): Promise<SweepResult> => {
    const result = await resultNow();
    const begun = performance.now();
    if (begun - wrote < 9 * took) {
      await writeSettings(store, plan, result);
      return result;
    }
    await writeSweep(store, plan, result);
    wrote = performance.now();
    took = wrote - begun;
    return result;
  };
  const opening = await resultNow();
  await writeSettings(store, plan, opening);
  onEvent?.({ type: "sweeping", result: opening });
  type Claimed = { readonly job: SweepJob; readonly release: () => Promise<void> };
  const mine = new Set<string>();

  const next = async (): Promise<Claimed | typeof WAIT | undefined> => {
    const { jobs, complete: over } = await surveyor.look();
    if (over || signal?.aborted) return over ? undefined : WAIT;
    for (const job of jobs) {
      const release = mine.has(job.key) ? undefined : await claimTrial(store, job.key);
      if (!release) continue;
      let open = false;
      try {
        open = await surveyor.isOpen(job);
      } finally {
        if (!open) await release();
      }
      if (!open) continue;
      mine.add(job.key);
      return { job, release };
    }
    return WAIT;
  };
  const work = async (claimed: Claimed): Promise<boolean> => {
    const { job } = claimed;
    onEvent?.({ type: "trial", job });
    try {
      const outcome = await runOutcome(
        async () => ((await complete(job, trialStore(store, job.key), () => surveyor.isOpen(job))) ? true : undefined),
        options,
      );
      if (!outcome) return false;
      if (outcome.error !== undefined) await noteFailure(store, job.key, outcome.error);
      const { error } = outcome;
      onEvent?.({
        type: "done",
        job,
        result: await write(),
        ...(error !== undefined && { error }),
      });
      return true;
    } finally {
      await giveBack(claimed);
    }
  };
  const giveBack = async ({ job, release }: Claimed): Promise<void> => {
    mine.delete(job.key);
    await release();
  };
  const stopped = await workThrough<Claimed>({
    next,
    work,
    giveBack,
    signal,
    ...(parallel !== undefined && { parallel }),
  });
  const result = await resultNow();
  await writeSweep(store, plan, result);
  return { result, stopped };
}

/**
 * Looks at a sweep from outside, by its trials' own files, whoever works on it.
 * @param keyOf the hash of the resolved configuration of a trial
 */
export async function surveySweep(
  plan: SweepPlan,
  identity: SweepIdentity,
  store: Store,
  keyOf: (values: SweepValues) => Promise<string>,
): Promise<SweepResult> {
  wants(
    "surveySweep",
    ["plan", anObject, plan],
    ["identity", anObject, identity],
    ["store", aStore, store],
    ["keyOf", aFunction, keyOf],
  );
  return sweepResult(plan, identity, await new SweepSurveyor(plan, store, keyOf).look());
}
