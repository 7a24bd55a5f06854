/** What was found fastest on a machine, as plain data: it is kept with a run, and in a cache. */
import { z } from "zod";
import type { Engine } from "../../engine/engine.ts";

const took = z.record(z.string(), z.number().positive().nullable());

/** What one site's formulations took; or a whole graph, by what its sites were found to prefer ("tuned") and without ("thresholds"). */
export const siteTrial = z.object({
  /**
   * The fastest, by name; the one that the built-in thresholds prefer where the fastest gains less than a twentieth, of a whole graph
   * less than a hundredth.
   */
  chosen: z.string(),
  /** What the built-in thresholds prefer. */
  preferred: z.string(),
  /**
   * Milliseconds of a run, by formulation: of those that took turns the median of several, of the others the least of a few; null = wrong
   * values or refused, so never chosen.
   */
  took,
});
export type SiteTrial = z.infer<typeof siteTrial>;

/** Trials by the sites' keys: "Conv float32[128,16,32,32] …"; in a cache, those of whole graphs by "whole …". */
export type SiteTrials = Readonly<Record<string, SiteTrial>>;

export const tuningRecord = z.object({
  /** The runtime, its version, the device and the threads that it holds for. */
  engine: z.string(),
  /** Channels of a block with which the processor's blocked kernels compute rightly; null = none do. */
  block: z.int().positive().nullable(),
  /** The formulation of each site, by its key. */
  plan: z.record(z.string(), z.string()),
});
/** Which formulations a machine prefers. */
export type Tuning = z.infer<typeof tuningRecord>;

/** What a tuning holds for, of an engine. */
export const tunedEngine = ({
  name,
  version,
  device,
  threads,
}: Pick<Engine, "name" | "version" | "device" | "threads">) =>
  `${name} ${version}, ${device}, ${threads} ${threads === 1 ? "thread" : "threads"}`;

/** Where trials are kept, so that a shape is tried once on a machine. */
export interface TuningCache {
  /** What was tried with an engine (`tunedEngine`); {} for nothing. */
  read(engine: string): Promise<SiteTrials>;
  /** Adds trials to what is there. */
  write(engine: string, trials: SiteTrials): Promise<void>;
}
