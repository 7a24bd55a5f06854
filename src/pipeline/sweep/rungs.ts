/**
 * Asynchronous successive halving (Li et al. 2020, "A system for massively parallel hyperparameter tuning"), in a fixed order: trials
 * train to a first rung, and the best share of those that are there goes on to the next. What arrives first depends on the machines, so
 * arrivals are counted in the order of the trials and not of the clock: the first k of a rung decide who of them goes on once all k are
 * there. Who gets how far is then a pure function of the results, however many machines there are and whatever is killed.
 */
import { UsageError } from "../../error.ts";
import { type ObjectivePoint, rankedPoints } from "./pareto.ts";

/** Early stopping. */
export interface SweepStopping {
  /** Epochs until the first rung. Default 1. */
  readonly first?: number;
  /** One of so many goes on, to so many times the epochs. Default 3. */
  readonly factor?: number;
}

/**
 * The epochs of the rungs below the last.
 * @throws UsageError for numbers that make none
 */
export function rungEpochs({ first = 1, factor = 3 }: SweepStopping, epochs: number): number[] {
  const ok = Number.isInteger(first) && first >= 1 && first < epochs && Number.isInteger(factor) && factor >= 2;
  if (!ok)
    throw new UsageError("out-of-range", "early stopping is out of range", {
      got: `first ${first}, factor ${factor}`,
      wanted: `first an integer in 1 … ${epochs - 1}, below the epochs of a run; factor an integer ≥ 2`,
    });
  const rungs: number[] = [];
  for (let epoch = first; epoch < epochs; epoch *= factor) rungs.push(epoch);
  return rungs;
}

/** What a trial had at a rung; null = it failed before; undefined = it is not there yet. */
export type ResultAt = (trial: number, rung: number) => ObjectivePoint | null | undefined;

/**
 * Who may go to each rung, in the order in which they count there.
 * @param trials how many have begun, or may
 * @param rungs how many there are, the end of the run included
 */
export function entrants(trials: number, rungs: number, factor: number, resultAt: ResultAt): number[][] {
  const first = Array.from({ length: trials }, (_, i) => i);
  const all = [first];
  for (let rung = 0; rung < rungs - 1; rung++) {
    const here = all[rung];
    const next: number[] = [];
    const points: (ObjectivePoint | null)[] = [];
    for (const trial of here) {
      const point = resultAt(trial, rung);
      if (point === undefined) break;
      points.push(point);
      const many = Math.floor(points.length / factor);
      const best = rankedPoints(points, many).slice(0, many);
      for (const i of best.sort((a, b) => a - b)) if (points[i] && !next.includes(here[i])) next.push(here[i]);
    }
    all.push(next);
  }
  return all;
}
