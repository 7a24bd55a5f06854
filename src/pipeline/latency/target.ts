/**
 * A time that a run is steered to. As `structureTarget` does it: λ follows what is kept, here the time that the table of measured widths
 * expects of the channels that are not zero; then channels go until the model, measured as a whole, takes no longer than asked,
 * in the order of what they matter for the milliseconds that they save. The rest of the run trains what stays.
 */
import type { Engine } from "../../engine/engine.ts";
import { UsageError } from "../../error.ts";
import { anEngine, anObject, wants } from "../../given.ts";
import { analyze } from "../../shrink/analysis.ts";
import type { Steering } from "../../train/steering.ts";
import { type PruneGroups, prunable } from "../prune/rank.ts";
import { goneAlready, groupMagnitudes } from "../prune/scores.ts";
import { cutOf, rankedForCut, standsAfter, steadily } from "../target-structure.ts";
import { engineMeter, type LatencyMeter } from "./meter.ts";
import { channelTimes, expectedShare } from "./path.ts";
import { checkReachable, knownTimes, type LatencyTried, reachLatency } from "./reach.ts";
import { reachedLatency } from "./reached.ts";
import type { LatencyTable } from "./table.ts";
import { leastOf, type WantedLatency, wantedShare } from "./wanted.ts";

/** Options of `latencyTarget`. */
export type LatencyTargetOptions = WantedLatency & {
  /** What times the model while it is cut: with the threads that the table was measured with. */
  readonly engine: Engine;
  /** What layers save where they are narrower: `latencyTable` of the model that the run begins with. It is part of the run's record. */
  readonly table: LatencyTable;
  /** The part of the run's epochs after which the structure is cut and stands, in (0, 1]. Default as of `structureTarget`. */
  readonly until?: number;
  /** The share of its channels that every layer keeps at least. Default: a quarter of the time's. */
  readonly least?: number;
  /** Hears what is measured while the structure is cut. */
  readonly onTried?: (tried: LatencyTried) => void;
};

/**
 * Steers a run to a time on an engine, with its threads, at the table's batch: the `target` of `train`.
 * ```ts
 * const table = await latencyTable(model, { engine, batch: 1 });
 * const run = train(model, data, { engine, …, penalty: groupLasso({ lambda: 1e-4, weights: "latency" }), target: latencyTarget({ engine, table, ms: 2 }) });
 * ```
 * The run ends with the same bytes for the same table and the same times measured at the cut; a run that is resumed behind the cut measures
 * nothing. Not with several ranks.
 * @throws UsageError for options out of range, a time that the model has already, or a table of another runtime, device or thread count
 */
export function latencyTarget(given: LatencyTargetOptions): Steering {
  wants(
    "latencyTarget",
    ["options", anObject, given],
    ["engine", anEngine, given, "engine"],
    ["table", anObject, given, "table"],
  );
  const steering = targetBy(engineMeter(given.engine, given.table.batch), given);
  const share = wantedShare(given, given.table);
  return {
    ...steering,
    reached: (full, small) => reachedLatency(given.engine, full, small, given.table, share),
  };
}

type ByMeter = WantedLatency & Pick<LatencyTargetOptions, "table" | "until" | "least" | "onTried">;

/** The same by a meter. */
export function targetBy(meter: LatencyMeter, given: ByMeter): Steering {
  const { table, until, onTried } = given;
  if (table.of !== meter.name)
    throw new UsageError(
      "mismatch",
      "the table of times was measured otherwise",
      { got: table.of, wanted: meter.name },
      "measure it with the engine that the run is to be fast on (latencyTable)",
    );
  const share = wantedShare(given, table);
  const cutAfter = standsAfter(until);
  const least = leastOf(given.least, share);
  const unit = unitOf(table.groups);
  return {
    options: {
      latency: share,
      ms: share * table.ms,
      ...(until !== undefined && { until }),
      least,
      groups: table.groups,
      table,
    },
    measures: true,
    times: channelTimes(table),
    cutAfter,
    check(model, trained) {
      const analysis = analyze(model.graph);
      const sets = prunable(model, analysis, trained, unit);
      const scores = new Map(sets.map((set) => [set, groupMagnitudes(set, model.graph.initializers)]));
      return checkReachable(model, { analysis, sets, scores }, { meter, table, share, least });
    },
    measure(model) {
      const times = knownTimes(table, prunable(model, analyze(model.graph), {}, unit));
      const zero = [...times.keys()].map((set) => [set, goneAlready(set, model.graph.initializers)] as const);
      return expectedShare(times, new Map(zero.map(([set, gone]) => [set, gone.reduce((a, b) => a + b, 0)])));
    },
    strength: steadily(share),
    async cut(model, sparse, initial, trained) {
      const { base, ranking } = rankedForCut(model, sparse, initial, { trained, unit });
      const found = await reachLatency(base, ranking, { meter, table, share, least, onTried });
      return cutOf(base, ranking.analysis, found);
    },
  };
}

const unitOf = (groups: PruneGroups) => (groups === "coupled" ? "head" : "index");
