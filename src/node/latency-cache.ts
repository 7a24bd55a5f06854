/** What narrower layers took, in the user's cache folder: a file for each processor, runtime, number of threads and batch. */
import { z } from "zod";
import { aText, maybe, wants } from "../given.ts";
import type { LatencyCache } from "../pipeline/latency/table.ts";
import { machineCache } from "./machine-cache.ts";

/**
 * Where `latencyTable` keeps what it timed, so that a width of a model is timed once on a machine. A file that cannot be understood counts
 * as none, and is replaced.
 * @param folder default: latency/ in the user's cache folder
 */
export function latencyCache(folder?: string): LatencyCache & { readonly folder: string } {
  wants("latencyCache", ["folder", maybe(aText), folder]);
  return machineCache("latency", z.number().positive(), folder);
}
