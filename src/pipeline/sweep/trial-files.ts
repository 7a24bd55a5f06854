/** What is known of a trial, from its own files: nobody else keeps it, so nothing can be counted twice. */
import type { EpochMetrics, Summary } from "../../report/results.ts";
import { type Store, writeJson } from "../../train/store.ts";
import { epochsIn } from "../epochs-in.ts";
import { savedSummary } from "../summary-file.ts";

/** Folder of the trials' folders in a sweep's, and of those that say who works on one. */
const TRIALS_FOLDER = "trials";
const CLAIMS_FOLDER = "claims";
/** What a trial failed with that will not get further. */
const FAILED = "failed.json";

/** Where a trial is, relative to the sweep. */
export const trialFolder = (key: string): string => `${TRIALS_FOLDER}/${key}`;
export const trialStore = (store: Store, key: string): Store => store.within(TRIALS_FOLDER).within(key);

/** How far a trial is. */
export interface TrialRecord {
  readonly epochs: readonly EpochMetrics[];
  readonly summary?: Summary;
  readonly error?: string;
}

/** @returns an empty record of one that has not begun */
export async function readTrial(store: Store, key: string): Promise<TrialRecord> {
  const own = trialStore(store, key);
  const summary = await savedSummary(own);
  const epochs = await epochsIn(own);
  const failed = summary ? undefined : await own.read(FAILED);
  return { epochs, ...(summary && { summary }), ...(failed && { error: errorIn(failed) }) };
}

function errorIn(bytes: Uint8Array): string {
  const found: unknown = JSON.parse(new TextDecoder().decode(bytes));
  const error = typeof found === "object" && found !== null && "error" in found ? found.error : undefined;
  return typeof error === "string" ? error : "failed";
}

/** Keeps what a trial failed with. */
export const noteFailure = (store: Store, key: string, error: string): Promise<void> =>
  writeJson(trialStore(store, key), FAILED, { error });

/** Removes the files of a trial that are no run's. */
export const clearFailure = (own: Store): Promise<void> => own.remove(FAILED);

/**
 * Claims a trial: who has the lock of its folder among the claims is the only one that works on it, on any machine that sees the store.
 * The claim of a process that died is free again, as every lock.
 * @returns gives it up; undefined when somebody else has it
 */
export async function claimTrial(store: Store, key: string): Promise<(() => Promise<void>) | undefined> {
  try {
    return await store.within(CLAIMS_FOLDER).within(key).lock();
  } catch (error) {
    if (isLocked(error)) return undefined;
    throw error;
  }
}

export const isLocked = (error: unknown): boolean =>
  typeof error === "object" && error !== null && "code" in error && error.code === "locked";
