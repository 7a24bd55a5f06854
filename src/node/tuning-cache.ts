/** Trials of formulations in the user's cache folder: a file for each processor, runtime and number of threads. */
import { aText, maybe, wants } from "../given.ts";
import { siteTrial, type TuningCache } from "../lower/tuning/tuning.ts";
import { machineCache } from "./machine-cache.ts";

/**
 * Where `tune` and `train` keep what they tried, so that a shape is timed once on a machine. A file that cannot be understood counts as
 * none, and is replaced.
 * @param folder default: tuning/ in the user's cache folder
 */
export function tuningCache(folder?: string): TuningCache & { readonly folder: string } {
  wants("tuningCache", ["folder", maybe(aText), folder]);
  return machineCache("tuning", siteTrial, folder);
}
