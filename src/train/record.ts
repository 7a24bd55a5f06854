/** What a checkpoint says beside its tensors, and how a resumed run is compared with it. */

import { z } from "zod";
import { joinedBytes } from "../bytes.ts";
import { inputsOf, labelsOf } from "../data/columns.ts";
import type { Dataset } from "../data/dataset.ts";
import type { Numbers, Split } from "../data/split.ts";
import { EspalierError, UsageError } from "../error.ts";
import { aDataset, aLossOrSome, anObject, anOptimizer, aSchedule, wants } from "../given.ts";
import type { Model } from "../graph/types.ts";
import { runningStatistics } from "../graph/walk.ts";
import { type Tuning, tuningRecord } from "../lower/tuning/tuning.ts";
import { write } from "../onnx/write.ts";
import type { EpochMetrics } from "../report/results.ts";
import type { Teacher } from "../step/distill.ts";
import type { Resolved } from "./options.ts";
import type { Score } from "./score.ts";
import type { SteeringRecord } from "./steering.ts";
import type { StepMemory } from "./stepper.ts";
import type { Sums } from "./sums.ts";
import { isLoss } from "./terms.ts";

export interface RunRecord extends StepMemory {
  readonly version: 1;
  readonly config: Config;
  /** Which formulations it computes with: not part of the configuration, as it decides nothing but the order of sums. */
  readonly tuning?: Tuning;
  /** The step that comes next, 0-based. */
  readonly epoch: number;
  readonly step: number;
  readonly sums: Sums;
  /** How the given model did on the test samples, where that was asked for. */
  readonly baseline?: Score;
  readonly history: readonly EpochMetrics[];
  /** Last epoch, 1-based, in which the zero pattern changed. */
  readonly lastChange: number;
  /** With a target. */
  readonly steering?: SteeringRecord;
}

const number = z.number();
const count = z.int().min(0);
/** How much of the groups is zero, as files keep it. */
export const savedSparsity = z.object({ groupSparsity: z.number(), weightedGroupSparsity: z.number() });
/** A line of metrics.jsonl, as it is read back. */
export const epochMetrics: z.ZodType<EpochMetrics> = savedSparsity.extend({
  epoch: z.int().min(1),
  loss: number,
  accuracy: number.nullable(),
  testLoss: number.nullable(),
  testAccuracy: number.nullable(),
  valLoss: number.nullable().optional(),
  valAccuracy: number.nullable().optional(),
  elementSparsity: number,
  inputChannel: savedSparsity,
  dual: savedSparsity.optional(),
  ranks: z.record(z.string(), count).optional(),
  lowRankLevel: number.optional(),
  patternChanges: number,
  lr: number,
  c: number.optional(),
  statisticsSeconds: number.optional(),
  kept: number.optional(),
  strength: number.optional(),
  stepParams: z.object({ before: count, after: count }).optional(),
  stepBack: count.optional(),
  seconds: number,
  msPerStep: number,
});
const numbers = z.record(z.string(), number);
/** How well a model does, as files keep it. */
export const savedScore: z.ZodType<Score> = z.object({ loss: number, accuracy: number.nullable() });
const runRecord: z.ZodType<RunRecord> = z.object({
  version: z.literal(1),
  config: z.record(z.string(), z.unknown()),
  tuning: tuningRecord.optional(),
  epoch: count,
  step: count,
  clock: numbers,
  numbers,
  penalty: z.object({ share: number, sum: number, step: number, part: number }),
  sums: z.object({ loss: number, correct: number, samples: number, steps: number, seconds: number }),
  baseline: savedScore.optional(),
  history: z.array(epochMetrics),
  lastChange: count,
  steering: z.object({ strength: number, kept: number, cut: z.boolean() }).optional(),
});

/** Everything that decides what the bytes of the result will be, as plain JSON. */
export type Config = Readonly<Record<string, unknown>>;

const SAMPLES = 256;

/**
 * The bytes of some training samples, evenly spread, and of all labels: other data of the same name and size differs. Of samples
 * that are not in memory, what their source says of them.
 */
function sampleOf({ x, y, more = {}, count, source, rows }: Split): Uint8Array {
  const bytes = (a: Numbers | Uint32Array) => new Uint8Array(a.buffer, a.byteOffset, a.byteLength);
  const n = Math.min(count, SAMPLES);
  const some = (all: Uint8Array): Uint8Array => {
    const each = all.length / count;
    const out = new Uint8Array(n * each);
    for (let i = 0; i < n; i++) {
      const from = Math.floor((i * count) / n) * each;
      out.set(all.subarray(from, from + each), i * each);
    }
    return out;
  };
  const elsewhere = source ? [new TextEncoder().encode(source.identity), ...(rows ? [bytes(rows)] : [])] : [];
  return joinedBytes([...elsewhere, some(bytes(x)), bytes(y), ...Object.values(more).map((of) => some(bytes(of)))]);
}

async function sha256(bytes: Uint8Array): Promise<string> {
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes as Uint8Array<ArrayBuffer>));
  return Array.from(hash, (b) => b.toString(16).padStart(2, "0")).join("");
}

const lossRecord = (loss: Resolved["loss"]): Config =>
  isLoss(loss)
    ? { name: loss.name, ...loss.options }
    : Object.fromEntries(
        Object.entries(loss).map(([output, of]) => [
          output,
          isLoss(of) ? lossRecord(of) : { ...lossRecord(of.loss), weight: of.weight ?? 1 },
        ]),
      );

const teacherRecord = ({ model, temperature, share, outputs }: Teacher) => ({
  teacher: model.graph.name,
  temperature,
  share,
  outputs,
});

/** The options that decide what is trained. */
const choicesOf = (o: Resolved) => ({
  optimizer: { name: o.optimizer.name, ...o.optimizer.options },
  penalty: o.penalty ? { name: o.penalty.name, ...o.penalty.options } : null,
  schedule: { name: o.schedule.name, ...o.schedule.options },
  output: o.output ?? null,
  loss: lossRecord(o.loss),
  ...(o.teacher && { distill: { ...teacherRecord(o.teacher), ...(o.distill?.cache && { cache: true }) } }),
  epochs: o.epochs,
  ...(o.steps !== undefined && { steps: o.steps }),
  ...(!o.shuffle && { shuffle: false }),
  ...(o.order && { order: `${o.order.length} indices` }),
  ...(o.evalEvery > 1 && { evalEvery: o.evalEvery }),
  ...(o.logSteps && { logSteps: true }),
  lambdaWarmup: o.lambdaWarmup,
  ...(o.target && { target: o.target.options }),
  ...(o.shrinkEvery !== undefined && { shrinkEvery: o.shrinkEvery, shrinkAfter: o.shrinkAfter }),
  batchSize: o.batchSize,
  accumulate: o.accumulate,
  seed: o.seed,
  freeze: o.freeze,
  ...(o.trainOnly && { trainOnly: o.trainOnly }),
  augment: o.augment ?? null,
  normalization: o.normalization ?? null,
  ...(o.syncBatchNorm && { syncBatchNorm: true }),
  ...(o.preciseStatistics && { preciseStatistics: o.preciseStatistics }),
});

/** The same for people, with the data's name. */
export function settingsOf(o: Resolved, data: Dataset): Config {
  wants(
    "settingsOf",
    ["options", anObject, o],
    ["loss", aLossOrSome, o, "loss"],
    ["schedule", aSchedule, o, "schedule"],
    ["optimizer", anOptimizer, o, "optimizer"],
    ["data", aDataset, data],
  );
  return { data: data.name, ...choicesOf(o) };
}

export async function describeConfig(model: Model, data: Dataset, o: Resolved): Promise<Config> {
  const { communicator, syncBatchNorm } = o;
  const shares = !syncBatchNorm && communicator && communicator.size > 1 && runningStatistics(model.graph).size > 0; // each normalizes by its own
  const config = {
    model: await sha256(write(model)),
    data: {
      name: data.name,
      train: data.train.count,
      val: data.val?.count ?? 0,
      test: data.test.count,
      sample: await sha256(sampleOf(data.train)),
      ...(o.places && { lengths: o.places.lengths }),
      ...(data.input !== undefined && { columns: [...inputsOf(data), ...labelsOf(data)] }),
    },
    ...choicesOf(o),
    ...(shares && { ranks: communicator.size }),
    ...(o.order && { order: await sha256(new Uint8Array(o.order.buffer, o.order.byteOffset, o.order.byteLength)) }),
    ...(o.teacher && { distill: { ...choicesOf(o).distill, teacher: await sha256(write(o.teacher.model)) } }),
  };
  return JSON.parse(JSON.stringify(config));
}

/** The settings that are not the same. */
export const differingKeys = (saved: Config, now: Config): string[] =>
  Object.keys({ ...saved, ...now }).filter((k) => JSON.stringify(saved[k]) !== JSON.stringify(now[k]));

/** @throws UsageError naming the settings in which a run and its checkpoint differ */
export function checkSameConfig(saved: Config, now: Config, location: string): void {
  const differ = differingKeys(saved, now);
  if (differ.length === 0) return;
  const rows = differ.flatMap((k) => [
    [`${k} (checkpoint)`, JSON.stringify(saved[k])],
    [`${k} (now)`, JSON.stringify(now[k])],
  ]);
  throw new UsageError(
    "conflict",
    `the checkpoint in ${location} was made with different settings: ${differ.join(", ")}`,
    Object.fromEntries(rows),
    "resume with the same settings, or start afresh with overwrite",
  );
}

/** @throws EspalierError naming the first field that is not as it should be */
export function readRecord(state: unknown): RunRecord {
  const result = runRecord.safeParse(state);
  if (result.success) return state as RunRecord;
  const [{ path, message }] = result.error.issues;
  throw new EspalierError(
    "invalid-file",
    "the checkpoint is of another version of Espalier",
    { field: path.join("."), reason: message },
    "start afresh with overwrite, or go on with the version that wrote it",
  );
}
