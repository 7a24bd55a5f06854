/** How still the zero pattern stands, counted where the RMDA paper promises that it does: after the last restart, with c = 1. */
import type { EpochMetrics } from "espalier";

export interface Stability {
  /** The first epoch that counts: two epochs after the last milestone, and c = 1 where there is one. */
  readonly countedFrom: number;
  /** Groups that changed between zero and nonzero, per epoch of those. */
  readonly changesPerEpoch: number;
  readonly epochsWithChanges: number;
}

/** @param from count from this epoch on, where another run's has been decided; default: this run's own */
export function stability(history: readonly EpochMetrics[], milestones: readonly number[], from?: number): Stability {
  const settled = (milestones.at(-1) ?? 0) + 2;
  const countedFrom =
    from ?? history.find(({ epoch, c }) => epoch > settled && (c === undefined || c === 1))?.epoch ?? history.length;
  const counted = history.filter((m) => m.epoch >= countedFrom);
  const changes = counted.reduce((n, m) => n + m.patternChanges, 0);
  return {
    countedFrom,
    changesPerEpoch: counted.length ? changes / counted.length : 0,
    epochsWithChanges: counted.filter((m) => m.patternChanges > 0).length,
  };
}
