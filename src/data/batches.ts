/**
 * Batches as pure functions of (data, plan): which sample stands where depends on (seed, epoch) alone, how it is
 * varied on (seed, epoch, its position in the epoch) alone. So a run can go on at any step, whoever prepares the batch.
 */

import { isInteger } from "../checks.ts";
import { UsageError } from "../error.ts";
import { aList, anObject, wants } from "../given.ts";
import { Random } from "../math/random.ts";
import { ahead } from "./ahead.ts";
import { checkAugment } from "./augment/check.ts";
import { mixed } from "./augment/mixup.ts";
import { vary } from "./augment/vary.ts";
import { orderOf } from "./order.ts";
import { asGiven, byLength, type SamplePlaces, type Stretch, shortened } from "./places.ts";
import { type BatchSharing, type Share, shareAt } from "./share.ts";
import { sampleSize, samplesAt } from "./source.ts";
import { type Augment, type Numbers, ofEach, type Split } from "./split.ts";

/** A batch. The arrays belong to whoever receives it. */
export interface Batch {
  /** `[count, …shape]`, flat; of the split's element type, not normalized. */
  readonly x: Split["x"];
  readonly y: Split["y"];
  readonly more?: Split["more"];
  readonly count: number;
  /** Of a batch that several share: which of its samples the arrays hold. Default: all of them. */
  readonly share?: Share;
  /** How many places its samples have, where batches differ in it. */
  readonly length?: number;
  readonly epoch: number;
  /** Index of the batch in its epoch. */
  readonly step: number;
}

/** Which batches of a split, in which order. */
export interface BatchPlan {
  /** Shape of one sample. */
  readonly shape: readonly number[];
  readonly batchSize: number;
  readonly seed: number;
  /** Where to begin. Default: epoch 0, step 0. */
  readonly epoch?: number;
  readonly step?: number;
  /** The epoch to stop before. Default: `epoch + 1`, so one epoch. */
  readonly epochs?: number;
  /** Default true; false = the order of the data, for evaluation. */
  readonly shuffle?: boolean;
  /** The order itself, as `sampleOrder` has checked it. Default: that of `shuffle`. */
  readonly order?: Uint32Array;
  readonly augment?: Augment;
  /** How samples differ in length. Default: they do not, or all are filled up to the longest. */
  readonly places?: SamplePlaces;
  /** Whether samples of one length may stand together where they are not shuffled, as in evaluation. Default false */
  readonly anyOrder?: boolean;
  /** Merge a last batch of one sample into the one before: batch statistics need more than one value. */
  readonly mergeSingle?: boolean;
  /** Whose samples of each batch are prepared: read, decoded, varied. Default: all of them. With mixup the whole batch is, and then cut. */
  readonly sharing?: BatchSharing;
  /** Stops the iteration with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** Prepares batches in the order of the plan. `batches` does so in-process; in Node there is a worker as well. */
export type Loader = (split: Split, plan: BatchPlan) => AsyncIterable<Batch>;

/** Batches prepared in-process: from memory when they are asked for, from a source a few ahead. Checks the plan at once. */
export function batches(split: Split, plan: BatchPlan): AsyncIterable<Batch> {
  wants("batches", ["split", anObject, split], ["plan", anObject, plan], ["plan.shape", aList, plan, "shape"]);
  checkPlan(split, plan);
  return inProcess(split, plan);
}

async function* inProcess(split: Split, plan: BatchPlan): AsyncGenerator<Batch> {
  const prepared = prepare(split, plan);
  for await (const batch of split.source ? ahead(prepared) : prepared) {
    plan.signal?.throwIfAborted();
    yield batch;
  }
}

/** The same batches, each when it is asked for. */
export async function* prepare(split: Split, plan: BatchPlan): AsyncGenerator<Batch> {
  const { seed, shape, shuffle = true, augment, places, epoch: firstEpoch = 0, epochs = firstEpoch + 1 } = plan;
  for (let epoch = firstEpoch; epoch < epochs; epoch++) {
    const { order, batches } = epochBatches(split, plan, epoch);
    for (const [step, { start, count, length }] of batches.entries()) {
      if (epoch === firstEpoch && step < (plan.step ?? 0)) continue;
      const share = plan.sharing && shareAt(count, plan.sharing);
      const own = share && !augment?.mixup ? share : { from: 0, count }; // mixup blends with samples of the others
      const at = { seed, epoch, position: start + own.from };
      const drawn = shuffle || augment ? { ...at, augment } : undefined;
      const whole = await samplesAt(split, order, start + own.from, own.count, drawn);
      const batch = places && length !== undefined ? { ...shortened(whole, places, length), length } : whole;
      if (augment) vary(batch.x, shape, augment, at, split.source?.augments);
      const blended = augment?.mixup ? cutTo(mixed(batch, augment.mixup, at), share) : batch;
      yield { ...blended, count, ...(share && { share }), epoch, step };
    }
  }
}

/** Samples of a whole batch that are somebody's share of it. */
function cutTo<S extends Pick<Batch, "x" | "y" | "more" | "count">>(batch: S, share: Share | undefined): S {
  if (!share) return batch;
  const { from, count } = share;
  const rows = <T extends Numbers>(of: T): T => {
    const width = of.length / batch.count;
    return of.slice(from * width, (from + count) * width) as T;
  };
  return { ...batch, ...ofEach(batch, rows) };
}

/** The order of an epoch's samples, and where its batches stand in it. */
function epochBatches(
  split: Split,
  plan: BatchPlan,
  epoch: number,
): { readonly order?: Uint32Array; readonly batches: readonly (Omit<Stretch, "length"> & Partial<Stretch>)[] } {
  const { seed, shuffle = true, places, anyOrder = false } = plan;
  const shuffled = () => (shuffle ? epochOrder(split.count, seed, epoch) : undefined);
  const order = plan.order ? orderOf(plan.order, split.count, epoch) : shuffled();
  const sizes = batchSizes(split.count, plan.batchSize, plan);
  const given = plan.order !== undefined || !shuffle;
  if (places && given && !anyOrder) return { order, batches: asGiven(split, places, order, sizes) };
  if (places) return byLength(split, places, order, sizes, given ? undefined : { seed, epoch });
  let start = 0;
  const batches = sizes.map((count) => {
    start += count;
    return { start: start - count, count };
  });
  return { order, batches };
}

/** Sizes of an epoch's batches; their sum is `count`: the last, partial batch is kept. */
export function batchSizes(
  count: number,
  batchSize: number,
  { mergeSingle = false }: { mergeSingle?: boolean } = {},
): number[] {
  const sizes = new Array<number>(Math.floor(count / batchSize)).fill(batchSize);
  const rest = count % batchSize;
  if (rest === 1 && mergeSingle && sizes.length > 0) sizes[sizes.length - 1]++;
  else if (rest > 0) sizes.push(rest);
  return sizes;
}

/** The order in which an epoch visits the samples. */
export const epochOrder = (count: number, seed: number, epoch: number): Uint32Array =>
  new Random(seed, "shuffle", epoch).permutation(count);

/** @throws UsageError naming the field of the plan that cannot be carried out */
export function checkPlan(split: Split, plan: BatchPlan): void {
  const { shape, batchSize, seed, epoch = 0, step = 0, epochs = epoch + 1, augment } = plan;
  const wrong = (field: string, got: unknown, wanted: string): never => {
    throw new UsageError("out-of-range", "the plan of the batches is not valid", { field, got: String(got), wanted });
  };
  if (!isInteger(batchSize, 1)) wrong("batchSize", batchSize, "an integer ≥ 1");
  if (!isInteger(seed)) wrong("seed", seed, "an integer");
  if (!isInteger(epoch, 0)) wrong("epoch", epoch, "an integer ≥ 0");
  if (!isInteger(epochs)) wrong("epochs", epochs, "an integer");
  const steps = batchSizes(split.count, batchSize, plan).length;
  if (!isInteger(step, 0) || step > steps) wrong("step", step, `0 … ${steps}, the steps of an epoch`);
  const size = shape.reduce((a, b) => a * b, 1);
  if (size !== sampleSize(split))
    wrong("shape", `[${shape}]`, `a shape of ${sampleSize(split)} numbers, as the samples have`);
  if (augment) checkAugment(split, shape, augment, wrong);
}
