/** What accuracy guessing has: a model that answers so has learned nothing, or has lost it. */
import { arrayOfColumn } from "../data/columns.ts";
import type { Split } from "../data/split.ts";
import type { LossTerm } from "../step/plan.ts";

/** Always the same answer. */
export interface Guessing {
  /** The share of the most frequent class among the labels that count. */
  readonly accuracy: number;
  /** How many labels that is of. */
  readonly labels: number;
}

/** @returns undefined outside classification, and where no label counts */
export function guessing(split: Split, terms: readonly LossTerm[]): Guessing | undefined {
  const term = terms.find(({ loss }) => loss.labels === "class");
  if (!term) return undefined;
  const counts = new Map<number, number>();
  let labels = 0;
  for (const label of arrayOfColumn(split, term, "y")) {
    if (label < 0) continue;
    counts.set(label, (counts.get(label) ?? 0) + 1);
    labels++;
  }
  return labels === 0 ? undefined : { accuracy: Math.max(...counts.values()) / labels, labels };
}

/** Two standard deviations of an accuracy that is guessing's. */
const slack = ({ accuracy, labels }: Guessing): number => 2 * Math.sqrt((accuracy * (1 - accuracy)) / labels);

/** Whether an accuracy could be that of guessing. */
export const isGuessing = (accuracy: number, by: Guessing): boolean => accuracy <= by.accuracy + slack(by);
