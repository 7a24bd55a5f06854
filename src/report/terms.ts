/** The words that a report needs explained, said where they appear. */
import type { EpochMetrics } from "./results.ts";

/** What a group is, and W̃ where a run has one. Empty where nothing is in groups. */
export const structureNote = (epochs: readonly EpochMetrics[]): string =>
  [
    epochs.some((m) => m.groupSparsity > 0)
      ? "A group is what dies together: all weights that must be zero before one channel (or head, or what the run's groups are) can be cut out."
      : "",
    epochs.some((m) => m.dual)
      ? "W̃ is the iterate whose groups RMDA sets to exactly zero; the weights are a running average of it, and become zero where it is as averaging ends (c reaches 1)."
      : "",
  ]
    .filter(Boolean)
    .join(" ");

/** What the loss does where dual averaging restarts. */
export const restartNote = (epochs: readonly EpochMetrics[]): string =>
  epochs.some((m) => m.dual)
    ? "Where the learning rate drops, dual averaging restarts from the weights as they are: the loss may jump for an epoch or two, and comes back."
    : "";
