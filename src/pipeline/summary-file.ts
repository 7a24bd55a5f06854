/** summary.json and run.json as they are read back: they may be damaged, or of another version. */

import { z } from "zod";
import { aStore, wants } from "../given.ts";
import type { Summary } from "../report/results.ts";
import { savedScore, savedSparsity } from "../train/record.ts";
import { FILES } from "../train/run-files.ts";
import type { Store } from "../train/store.ts";

const number = z.number();
const count = z.int().min(0);
const beforeAfter = z.object({ before: number, after: number });
const interval = z.object({ value: number, low: number, high: number });
const summary: z.ZodType<Summary> = savedSparsity.extend({
  elementSparsity: number,
  prunes: z.enum(["groups", "weights", "nothing"]).optional(),
  lambda: number.optional(),
  baseline: savedScore.optional(),
  accuracy: number.nullable(),
  smallAccuracy: number.nullable(),
  collapse: z
    .object({
      guessing: number,
      zeroWeights: z.array(z.string()),
      alikeFrom: z.object({ node: z.string(), op: z.string(), zero: z.boolean() }).optional(),
      fix: z.string(),
    })
    .optional(),
  loss: number,
  smallLoss: number,
  inputChannel: savedSparsity,
  layers: z.record(z.string(), z.object({ groups: count, zero: count })).optional(),
  lowRankLevel: number.optional(),
  ranks: z.record(z.string(), count).optional(),
  params: beforeAfter,
  macs: beforeAfter,
  bytes: beforeAfter,
  latencyMs: beforeAfter,
  latencyMsBatch128: beforeAfter,
  latency: z
    .object({
      batch: count,
      threads: count,
      wanted: number,
      full: interval,
      small: interval,
      share: interval,
      wantedShare: number,
    })
    .optional(),
  lowRank: z
    .object({
      rule: z.string(),
      factors: count,
      fineTuned: count,
      recomposedRelDiff: number,
      smallRelDiff: number,
      seconds: number,
      truncatedAccuracy: number.nullable(),
      layers: z.array(
        z.object({
          weight: z.string(),
          rank: count,
          full: count,
          params: beforeAfter,
          split: z.boolean(),
          error: number,
        }),
      ),
    })
    .optional(),
  memory: z
    .object({
      peak: number,
      process: number,
      state: number,
      step: number,
      evaluation: number,
      free: number.nullable(),
      recompute: z.boolean(),
    })
    .optional(),
  maxAbsDiff: number,
  maxRelDiff: number,
  epochs: count,
  seconds: number,
  msPerStep: number,
  structureStableSince: number.nullable(),
});

/**
 * The summary of a finished run, from its store.
 * @returns undefined when the run is not finished, and for a file that is no summary of this version: `finish` writes it again
 */
export async function savedSummary(store: Store): Promise<Summary | undefined> {
  wants("savedSummary", ["store", aStore, store]);
  const bytes = await store.read(FILES.summary);
  if (!bytes) return undefined;
  try {
    const found: unknown = JSON.parse(new TextDecoder().decode(bytes));
    return summary.safeParse(found).success ? (found as Summary) : undefined;
  } catch {
    return undefined;
  }
}

const settings = z.object({ config: z.record(z.string(), z.unknown()) });

/**
 * The settings that run.json shows, from its store.
 * @returns undefined when there is no run.json that can be read
 */
export async function savedSettings(store: Store): Promise<Readonly<Record<string, unknown>> | undefined> {
  const bytes = await store.read(FILES.run);
  if (!bytes) return undefined;
  try {
    return settings.safeParse(JSON.parse(new TextDecoder().decode(bytes))).data?.config;
  } catch {
    return undefined;
  }
}
