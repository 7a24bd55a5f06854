/** What was found fastest on a machine, as plain data: it is kept with a run, and in a cache. */
import { z } from "zod";
import type { Engine } from "../../engine/engine.ts";

const took = z.record(z.string(), z.number().positive().nullable());

/** What one site's formulations took; or a whole graph, by what its sites were found to prefer ("tuned") and without ("thresholds"). */
export const siteTrial = z.object({
  /**
   * The fastest, by name; the one that the built-in thresholds prefer where the fastest gains less than a twentieth, of a whole graph
   * less than a fiftieth.
   */
  chosen: z.string(),
  /** What the built-in thresholds prefer. */
  preferred: z.string(),
  /**
   * Milliseconds of a run, by formulation: of those that took turns the median of several, of the others the least of a few, or the
   * first, where it was enough to see that they are slow; null = wrong values or refused, so never chosen.
   */
  took,
  /** Of a whole graph: the formulation of each site, by its key, where it is computed as tuned. */
  plan: z.record(z.string(), z.string()).optional(),
  /** Of a whole graph: sites that no time was left for. */
  left: z.int().min(0).optional(),
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
  /** Milliseconds of the whole step in both ways, where they were compared. */
  took: z.object({ thresholds: z.number().positive(), tuned: z.number().positive() }).optional(),
  /** Whether the plan is the tuned one. */
  gained: z.boolean().optional(),
  /** Seconds that it took to find, in the run that was first to ask; 0 of what the cache had. */
  seconds: z.number().min(0).optional(),
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

/** Where an engine keeps trials, if it does; those that cannot be understood count as none. */
export function cacheOf({ trials }: Pick<Engine, "trials">): TuningCache | undefined {
  if (!trials) return undefined;
  return {
    async read(engine) {
      const kept = Object.entries(await trials.read(engine)).map(
        ([key, entry]) => [key, siteTrial.safeParse(entry)] as const,
      );
      return Object.fromEntries(kept.flatMap(([key, { success, data }]) => (success ? [[key, data]] : [])));
    },
    write: (engine, entries) => trials.write(engine, entries),
  };
}
