/** What the truncation of singular values means for a result: whether it is still the same function. */
import type { LowRank, RankRow, Summary } from "./results.ts";

/** Whether the small model computes something else than the full one, by more than rounding. */
export function isLossy({ lowRank }: Pick<Summary, "lowRank">): boolean {
  if (!lowRank || lowRank.rule === "prox") return false;
  return lowRank.fineTuned > 0 || lowRank.layers.some(changed);
}

/** Singular values of all layers, and how many the small model has: a layer that stays one as it was keeps all of them. */
export function singularValues({ layers }: Pick<LowRank, "layers">): { before: number; after: number } {
  const sum = (of: (l: RankRow) => number) => layers.reduce((n, l) => n + of(l), 0);
  return { before: sum((l) => l.full), after: sum((l) => (changed(l) ? l.rank : l.full)) };
}

/** Whether a layer became two, or its product of a lower rank. */
const changed = ({ split, error }: RankRow): boolean => split || error > 0;
