/** The batches of a run, from any of its steps on. */
import { type Batch, batches } from "../data/batches.ts";
import type { Dataset } from "../data/dataset.ts";
import { samplesOf } from "./answers.ts";
import type { Resolved } from "./options.ts";
import { planned } from "./switches.ts";

/** The batches of a run from a step on, both 0-based, to its last one. */
export type BatchesFrom = (at: { readonly epoch: number; readonly step: number }) => AsyncIterable<Batch>;

/** @param normalizes whether samples are normalized by their batch */
export async function runBatches(data: Dataset, options: Resolved, normalizes: boolean): Promise<BatchesFrom> {
  const samples = await samplesOf(data, options);
  const plan = { ...planned(options, normalizes), shape: data.shape };
  return ({ epoch, step }) => (data.batches ?? batches)(samples, { ...plan, epoch, step });
}
