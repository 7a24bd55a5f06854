/** Training after truncation. */

import type { Dataset } from "../data/dataset.ts";
import { aDataset, aModel, anEngine, anObject, wants } from "../given.ts";
import type { Model } from "../graph/types.ts";
import { cosine } from "../optim/schedule.ts";
import { sgd } from "../optim/sgd.ts";
import { crossEntropy } from "../step/loss.ts";
import type { TrainOptions } from "../train/options.ts";
import { STATISTICS_BATCHES } from "../train/precise-statistics.ts";
import { isLoss } from "../train/terms.ts";
import { train } from "../train/train.ts";
import type { RankEvent } from "./events.ts";

/** Options of `fineTune`; those of `train` that the recipe leaves open. */
export interface FineTuneOptions
  extends Pick<
    TrainOptions,
    | "engine"
    | "loss"
    | "output"
    | "distill"
    | "normalization"
    | "freeze"
    | "trainOnly"
    | "augment"
    | "seed"
    | "preciseStatistics"
    | "store"
    | "overwrite"
    | "signal"
  > {
  readonly epochs: number;
  readonly onEvent?: (event: RankEvent) => void;
}

/**
 * Trains a truncated model on, by the recipe of LoRITa's code (Zhang, Alkhouri & Wang 2024) but for its plateau rule, in whose place
 * lr falls along a cosine: SGD, lr 0.01, momentum 0.9, weight decay 1e-5, batch 128, label smoothing 0.1. With a store it goes on
 * where it was stopped, unless it is to overwrite that. Batch norm's running statistics are taken anew over 50 batches before each
 * evaluation, unless `preciseStatistics` says otherwise.
 * @returns the model, and how many seconds it was trained, before a resume included
 * @throws the signal's reason once it is aborted; else as `train` and the run it gives
 */
export async function fineTune(
  model: Model,
  data: Dataset,
  given: FineTuneOptions,
): Promise<{ readonly model: Model; readonly seconds: number }> {
  wants(
    "fineTune",
    ["model", aModel, model],
    ["data", aDataset, data],
    ["options", anObject, given],
    ["engine", anEngine, given, "engine"],
  );
  const { onEvent, ...options } = given;
  const { epochs, loss, store, overwrite, signal } = options;
  const run = train(model, data, {
    ...options,
    optimizer: sgd({ momentum: 0.9, weightDecay: 1e-5 }),
    schedule: cosine({ lr: 1e-2 }),
    loss: data.classes === null || (loss && !isLoss(loss)) ? loss : crossEntropy({ labelSmoothing: 0.1 }),
    resume: store !== undefined && !overwrite,
    preciseStatistics: given.preciseStatistics ?? STATISTICS_BATCHES,
    tune: false, // shapes that were cut are no others'
  });
  for await (const metrics of run) onEvent?.({ type: "fineTuned", metrics, epochs });
  if (!run.finished) signal?.throwIfAborted();
  return { model: run.model, seconds: run.history.reduce((sum, m) => sum + m.seconds, 0) };
}
