/** One-shot pruning to a time. */
import type { Engine } from "../../engine/engine.ts";
import { aDataset, aModel, anEngine, anObject, maybe, wants } from "../../given.ts";
import type { Model } from "../../graph/types.ts";
import type { LatencyReached } from "../../report/results.ts";
import { type Pruned, type PruneOptions, pruneBy } from "../prune/prune.ts";
import { engineMeter, type LatencyMeter } from "./meter.ts";
import { reachLatency } from "./reach.ts";
import { reachedLatency } from "./reached.ts";
import { type LatencyTable, type LatencyTableOptions, latencyTable } from "./table.ts";
import { leastOf, type WantedLatency, wantedShare } from "./wanted.ts";

/** Options of `pruneToLatency`. */
export type PruneToLatencyOptions = WantedLatency &
  Omit<PruneOptions, "keep" | "of" | "roundTo"> &
  Pick<LatencyTableOptions, "batch" | "cache"> & {
    /** What layers save where they are narrower (`latencyTable`, with the same `freeze` and `groups`). Default: it is measured. */
    readonly table?: LatencyTable;
    /** Called while it is measured. */
    readonly onTable?: LatencyTableOptions["onProgress"];
  };

/** What `pruneToLatency` made of a model. */
export interface PrunedToLatency extends Pruned {
  readonly latency: LatencyReached;
  readonly table: LatencyTable;
}

/**
 * Removes channels of a model, without training, until it takes no more than a time on the given runtime, threads and batch: those that
 * matter least for the milliseconds that they save, by a table of measured times; what saves no time stays. Every result on the way is
 * measured as a whole. Else as `prune`.
 * ```ts
 * const { model: small, latency } = await pruneToLatency(model, { engine: node({ threads: 1 }), ms: 2, batch: 1, data });
 * ```
 * @throws UsageError for a time out of range, or one that the model has already; EspalierError when it does not get so fast, which says
 *   how far it came, and as `prune`
 */
export async function pruneToLatency(model: Model, options: PruneToLatencyOptions): Promise<PrunedToLatency> {
  wants(
    "pruneToLatency",
    ["model", aModel, model],
    ["options", anObject, options],
    ["engine", anEngine, options, "engine"],
    ["data", maybe(aDataset), options, "data"],
    ["table", maybe(anObject), options, "table"],
  );
  const { engine, batch, cache, groups, freeze, onTable, signal } = options;
  const measuring = { engine, batch, cache, groups, freeze, signal, onProgress: onTable };
  const table = options.table ?? (await latencyTable(model, measuring));
  const share = wantedShare(options, table);
  const done = await pruneWith(engineMeter(engine, table.batch), model, { ...options, table, share });
  const latency = await reachedLatency(engine, model, done.model, table, share);
  return { ...done, kept: latency.share.value, latency, table };
}

type ByMeter = Omit<PruneOptions, "keep" | "of" | "roundTo"> & {
  readonly engine: Engine;
  readonly table: LatencyTable;
  readonly share: number;
};

/** The same by a meter, but for what it says of the result. */
export const pruneWith = (meter: LatencyMeter, model: Model, { table, share, ...options }: ByMeter) =>
  pruneBy(model, { ...options, roundTo: 1 }, (ranking) =>
    reachLatency(model, ranking, {
      meter,
      table,
      share,
      least: leastOf(options.least, share),
      onTried: ({ removed, of, share: kept }) => options.onEvent?.({ type: "tried", removed, of, kept }),
    }),
  );
