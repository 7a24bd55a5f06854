/**
 * What a model's layers save of its time where they are narrower, measured on the user's own runtime: each set of channels that go
 * together is cut alone to a few widths, and the whole model timed. Whole models are timed rather than single layers, since what a runtime
 * fuses, and in which layout it keeps what it computes, hangs on the neighbours: the sum over layers alone was 0.3 to 4 times
 * the model's own time. Sets of layers of the same shapes are measured once.
 */
import { z } from "zod";
import { checkInteger } from "../../checks.ts";
import type { Engine } from "../../engine/engine.ts";
import { EspalierError, UsageError } from "../../error.ts";
import { aModel, anEngine, anObject, wants } from "../../given.ts";
import { atBatch } from "../../graph/bind.ts";
import { typeText } from "../../graph/tensor.ts";
import type { Model, Value } from "../../graph/types.ts";
import type { PrunableSet } from "../../groups/prunable.ts";
import { type Analysis, analyze } from "../../shrink/analysis.ts";
import { reduce } from "../../shrink/apply.ts";
import type { Selection } from "../../train/freeze.ts";
import { removalOrder } from "../prune/order.ts";
import { type PruneGroups, prunable } from "../prune/rank.ts";
import { withoutChannels } from "../prune/zeroed.ts";
import { timedBatches } from "../timing.ts";
import { engineMeter, GLANCE, type LatencyMeter, LOOK } from "./meter.ts";
import { attributesText, structureKey } from "./structure.ts";

const row = z.object({
  /** The first weight that makes the channels. */
  name: z.string(),
  /** How many channels stay, falling; the first is all of them. */
  widths: z.array(z.int().min(1)),
  /** The model's time with so many, over the whole model's. */
  shares: z.array(z.number().positive()),
});
const latencyRecord = z.object({
  /** The runtime, its version, device, threads and the batch that it holds for. */
  of: z.string(),
  batch: z.int().min(1),
  groups: z.enum(["coupled", "headWidth"]),
  /** Milliseconds of the whole model. */
  ms: z.number().positive(),
  rows: z.array(row),
});
/** What layers save where they are narrower: plain data, which is kept with a run. */
export type LatencyTable = z.infer<typeof latencyRecord>;

/** Where times are kept, so that a cut is timed once on a machine. */
export interface LatencyCache {
  /** Shares of a whole model's time by the keys of both structures, of a meter's name; {} for none. */
  read(of: string): Promise<Readonly<Record<string, number>>>;
  /** Adds to what is there. */
  write(of: string, shares: Readonly<Record<string, number>>): Promise<void>;
}

/** Options of `latencyTable`. */
export interface LatencyTableOptions extends Selection {
  readonly engine: Engine;
  /** Samples of a call. Default 1; of a model with a fixed batch its own. */
  readonly batch?: number;
  /** What of an attention is a channel: whole heads (`coupled`, default) or an index of every head. */
  readonly groups?: PruneGroups;
  /** Default: none, and every width is timed. */
  readonly cache?: LatencyCache;
  readonly onProgress?: (p: { readonly done: number; readonly total: number; readonly set: string }) => void;
  /** Stops between two sets, with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** Parts of a layer's width that are tried. */
const PARTS = [7, 6, 5, 4, 3, 2, 1].map((eighths) => eighths / 8);
/** Kernels have steps of their own; wide layers are tried at multiples of the largest that matters. */
const STEPS: readonly (readonly [from: number, step: number])[] = [
  [128, 16],
  [24, 8],
  [12, 4],
  [0, 1],
];

/** @param least the narrowest that is allowed */
function widthsOf(channels: number, least: number): number[] {
  const [, step] = STEPS.find(([from]) => channels >= from)!;
  const tried = PARTS.map((p) => Math.max(step, Math.round((p * channels) / step) * step));
  return [...new Set([channels, ...tried])].filter((w) => w >= least && w <= channels).sort((a, b) => b - a);
}

/**
 * Measures what layers save of a model's time where they are narrower: seconds to a few minutes, and what a cache knows at once. Nothing
 * else should run.
 * @throws UsageError for options out of range, or another batch than the model's fixed one; EspalierError when no channel can go
 */
export async function latencyTable(model: Model, options: LatencyTableOptions): Promise<LatencyTable> {
  wants(
    "latencyTable",
    ["model", aModel, model],
    ["options", anObject, options],
    ["engine", anEngine, options, "engine"],
  );
  const { engine, batch = 1 } = options;
  checkInteger("batch", batch, 1);
  const [own] = timedBatches([model], [batch]);
  if (options.batch !== undefined && own !== batch)
    throw new UsageError("conflict", "the model has a batch size of its own", { got: batch, wanted: own });
  return tableBy(engineMeter(engine, own), model, options);
}

/** The same by a meter. */
export async function tableBy(
  meter: LatencyMeter,
  model: Model,
  options: Omit<LatencyTableOptions, "engine" | "batch">,
): Promise<LatencyTable> {
  const { groups = "coupled", cache, onProgress, signal } = options;
  const analysis = analyze(model.graph);
  const sets = prunable(model, analysis, options, groups === "coupled" ? "head" : "index");
  if (sets.length === 0)
    throw new EspalierError(
      "nothing-to-do",
      "no channel of the model can be removed",
      {},
      "inspect says of every layer what prevents it",
    );
  const known = (await cache?.read(meter.name)) ?? {};
  const fresh: Record<string, number> = {};
  const { ms } = await meter.measure(model, [], LOOK);
  const whole = await structureKey(atBatch(model, meter.batch));
  const alike = new Map<string, LatencyTable["rows"][number]>();
  const rows: LatencyTable["rows"] = [];
  try {
    for (const set of sets) {
      signal?.throwIfAborted();
      const shape = shapesAround(set, analysis);
      const found = alike.get(shape);
      const made = found ?? (await rowOf(set));
      alike.set(shape, made);
      rows.push({ ...made, name: set.name });
      onProgress?.({ done: rows.length, total: sets.length, set: set.name });
    }
  } finally {
    if (Object.keys(fresh).length > 0) await cache?.write(meter.name, fresh); // also after a stop
  }
  return { of: meter.name, batch: meter.batch, groups, ms, rows };

  async function rowOf(set: PrunableSet): Promise<LatencyTable["rows"][number]> {
    const order = removalOrder(new Map([[set, Float64Array.from(set.channels, (_, i) => -i)]]), 0);
    const widths = widthsOf(set.channels.length, set.channels.length - order.length);
    const cuts = widths.slice(1).map((w) => {
      const gone = order.slice(0, set.channels.length - w).map(({ at }) => at);
      return reduce(withoutChannels(model, analysis, new Map([[set, gone]]))).model;
    });
    const keys = await Promise.all(
      cuts.map(async (cut) => `${whole} ${await structureKey(atBatch(cut, meter.batch))}`),
    );
    const open = cuts.filter((_, i) => !Object.hasOwn(known, keys[i]));
    const { shares } = open.length > 0 ? await meter.measure(model, open, GLANCE) : { shares: [] };
    const rest = [...shares];
    const all = keys.map((key) => known[key] ?? (fresh[key] = rest.shift()!));
    return { name: set.name, widths, shares: [1, ...all] };
  }
}

/** The layers that read or make a set, by operator, attributes and shapes: what a narrower width of it saves follows from them. */
function shapesAround(set: PrunableSet, { uses }: Analysis): string {
  const params = new Set<Value>([...set.readers, ...set.makers].map((m) => m.param));
  const sides = (param: Value) =>
    [set.readers, set.makers].map((members) => members.filter((m) => m.param === param).length).join();
  const lines = uses
    .filter((use) => params.has(use.stored.root))
    .map(({ node, stored }) => {
      const types = [...node.inputs, ...node.outputs].map((v) => (v ? typeText(v) : "-"));
      return [sides(stored.root), node.op, attributesText(node.attrs), ...types].join(" ");
    });
  return [set.channels.length, ...lines.sort()].join("\n");
}

/**
 * A table as a run's folder keeps it.
 * @throws EspalierError when it is none
 */
export function savedLatencyTable(json: unknown): LatencyTable {
  const found = latencyRecord.safeParse(json);
  if (found.success) return found.data;
  throw new EspalierError("invalid-file", "this is not a table of times", {
    reason: found.error.issues[0].message,
    at: found.error.issues[0].path.join("."),
  });
}
