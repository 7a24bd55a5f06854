/** Where a run stands: what of it a checkpoint keeps beside what trains, judges and steers. */
import { tensor } from "../graph/tensor.ts";
import type { Tensor } from "../graph/types.ts";
import type { EpochMetrics } from "../report/results.ts";
import { names } from "../step/names.ts";
import type { SavedRun } from "./journal.ts";
import { checkFinite } from "./not-finite.ts";
import { noSums, type Sums } from "./sums.ts";
import type { Trainer } from "./trainer.ts";

export interface RunStanding {
  /** The step that comes next, 0-based. */
  readonly epoch: number;
  readonly step: number;
  /** Over the steps of this epoch so far. */
  readonly sums: Sums;
  /** All finished epochs. */
  readonly history: readonly EpochMetrics[];
  /** The zero pattern at the end of the last epoch. */
  readonly pattern?: Uint8Array;
  /** Last epoch, 1-based, in which it changed. */
  readonly lastChange: number;
}

/** Before the first step. */
export const atBegin = (): RunStanding => ({ epoch: 0, step: 0, sums: noSums(), history: [], lastChange: 0 });

/** Where a checkpoint was written. */
export function standingOf({ record, tensors }: SavedRun): RunStanding {
  const { epoch, step, sums, history, lastChange } = record;
  const pattern = tensors.get(names.pattern)?.data as Uint8Array | undefined;
  return { epoch, step, sums: { ...sums }, history, lastChange, ...(pattern && { pattern }) };
}

/** At the beginning of the next epoch. @param metrics of the one that ends */
export function nextEpoch({ epoch, history, lastChange }: RunStanding, metrics: EpochMetrics, pattern: Uint8Array) {
  return {
    epoch: epoch + 1,
    step: 0,
    sums: noSums(),
    history: [...history, metrics],
    pattern,
    lastChange: metrics.patternChanges > 0 ? epoch + 1 : lastChange,
  };
}

/**
 * All tensors of a checkpoint.
 * @param trained those of the trainer
 * @param others further ones
 * @throws NotFiniteError naming a trained one that is not: a step can end in NaN after a finite loss
 */
export function savedTensors(
  { epoch, pattern }: RunStanding,
  trained: ReadonlyMap<string, Tensor>,
  others: Iterable<readonly [string, Tensor]>,
): Map<string, Tensor> {
  for (const [name, { data }] of trained) checkFinite(name, data, { epoch: epoch + 1 });
  const own = pattern ? [[names.pattern, tensor("uint8", [pattern.length], pattern)] as const] : [];
  return new Map([...trained, ...own, ...others]);
}

/** What a checkpoint says beside its tensors. @param more what others than standing and trainer know */
export const recordOf = <T extends object>(
  { epoch, step, sums, history, lastChange }: RunStanding,
  { memory, tuning }: Pick<Trainer, "memory" | "tuning">,
  more: T,
) => ({ epoch, step, ...(tuning && { tuning }), ...memory, ...more, sums, history, lastChange });
