/** Where a sweep stands, and what is to be done next: a pure function of its plan and of what its trials came to. */
import { type ObjectiveName, objectives } from "../../report/objectives.ts";
import type { Store } from "../../train/store.ts";
import type { ObjectivePoint } from "./pareto.ts";
import { entrants } from "./rungs.ts";
import { resultsBefore, type SearchPlan, suggestion } from "./search.ts";
import type { SweepValues } from "./space.ts";
import { readTrial, type TrialRecord } from "./trial-files.ts";

/** What decides which trials a sweep makes, and how far each is trained. */
export interface SweepPlan extends SearchPlan {
  /** The first decides where only one number can. */
  readonly objectives: readonly ObjectiveName[];
  /** Epochs at which trials stop unless they are among the best; empty: all are trained to their end. */
  readonly rungs: readonly number[];
  /** One of so many goes on. */
  readonly factor: number;
}

/** A trial of a sweep. */
export interface SweepTrial extends TrialRecord {
  /** Its place in the order of the sweep, from 0. */
  readonly number: number;
  /** The hash of its resolved configuration, which its folder is called by. */
  readonly key: string;
  readonly values: SweepValues;
}

/** Something to do: a trial, and how far. */
export interface SweepJob {
  readonly number: number;
  readonly key: string;
  readonly values: SweepValues;
  /** It is to have been trained for so many epochs; undefined: to its end, finished. */
  readonly until: number | undefined;
}

/** A sweep at some moment. */
export interface SweepSurvey {
  /** Those that are known by now; each stands under its first number. */
  readonly trials: readonly SweepTrial[];
  /** What can be done now, most urgent first; others may be at it. */
  readonly jobs: readonly SweepJob[];
  /** Nothing is left to do, now or later. */
  readonly complete: boolean;
}

/**
 * The objectives of a finished trial, each the better the lower; null when one is missing, and for a model that answers no better than
 * guessing: nothing is smaller than it, and nobody wants it.
 */
export function finalPoint(names: readonly ObjectiveName[], { summary, epochs }: TrialRecord): ObjectivePoint | null {
  if (!summary || summary.collapse) return null;
  return allOf(names, (name) => objectives[name].of(summary, epochs.at(-1)));
}

/** After an epoch. Of a trial that ended without it: after its last one, as sizes on the way are shares and at the end counts. */
function pointAt(names: readonly ObjectiveName[], { epochs, summary }: TrialRecord, epoch: number) {
  const found = epochs.find((m) => m.epoch === epoch) ?? (summary && epochs.at(-1));
  if (!found) return summary && null;
  const nothingLeft = (found.dual ?? found).weightedGroupSparsity === 1; // the smallest of all, and among the worst
  return nothingLeft ? null : allOf(names, (name) => objectives[name].atEpoch(found));
}

function allOf(names: readonly ObjectiveName[], of: (name: ObjectiveName) => number | null): ObjectivePoint | null {
  const point = names.map((name) => {
    const value = of(name);
    return value === null || !Number.isFinite(value) ? null : objectives[name].better === "higher" ? -value : value;
  });
  return point.every((x) => x !== null) ? point : null;
}

/** What a trial had at a rung; the last one is its end. */
function resultAt({ objectives: names, rungs }: SweepPlan, trial: TrialRecord, rung: number) {
  if (trial.error !== undefined) return rung < rungs.length ? (pointAt(names, trial, rungs[rung]) ?? null) : null;
  if (rung < rungs.length) return pointAt(names, trial, rungs[rung]);
  return trial.summary ? finalPoint(names, trial) : undefined;
}

/** Looks at a sweep again and again; what is finished is read once; what failed may be tried again. */
export class SweepSurveyor {
  private readonly ended = new Map<string, TrialRecord>();
  private readonly known: { readonly values: SweepValues; readonly key: string }[] = [];
  private readonly plan: SweepPlan;
  private readonly store: Store;
  private readonly keyOf: (values: SweepValues) => Promise<string>;

  /** @param keyOf the hash of a trial's resolved configuration */
  constructor(plan: SweepPlan, store: Store, keyOf: (values: SweepValues) => Promise<string>) {
    this.plan = plan;
    this.store = store;
    this.keyOf = keyOf;
  }

  /** What is known of a trial by now. */
  async read(key: string): Promise<TrialRecord> {
    const before = this.ended.get(key);
    if (before) return before;
    const found = await readTrial(this.store, key);
    if (found.summary) this.ended.set(key, found);
    return found;
  }

  async look(): Promise<SweepSurvey> {
    const { plan } = this;
    const trials: SweepTrial[] = [];
    for (let number = 0; number < plan.trials; number++) {
      const known = await this.suggested(number, trials);
      if (!known) break;
      trials.push({ number, ...known, ...(await this.read(known.key)) });
    }
    const at = (number: number, rung: number) => resultAt(plan, trials[number], rung);
    const byRung = entrants(trials.length, plan.rungs.length + 1, plan.factor, at);
    const jobs = new Map<string, SweepJob>();
    let unfinished = trials.length < plan.trials;
    for (let rung = plan.rungs.length; rung >= 0; rung--)
      for (const number of byRung[rung]) {
        if (at(number, rung) !== undefined) continue;
        unfinished = true;
        const { key, values } = trials[number];
        if (!jobs.has(key)) jobs.set(key, { number, key, values, until: plan.rungs[rung] });
      }
    const first = new Set(new Map([...trials].reverse().map((t) => [t.key, t.number])).values());
    return { trials: trials.filter((t) => first.has(t.number)), jobs: [...jobs.values()], complete: !unfinished };
  }

  /** Whether a job is still to be done. */
  async isOpen({ key, until }: SweepJob): Promise<boolean> {
    const { summary, error, epochs } = await this.read(key);
    if (summary || error !== undefined) return false;
    return until === undefined || !epochs.some((m) => m.epoch === until);
  }

  /** @returns undefined while results are missing that it follows from */
  private async suggested(number: number, trials: readonly SweepTrial[]) {
    if (number < this.known.length) return this.known[number];
    const seen = trials.slice(0, resultsBefore(number, this.plan)).map((trial) => ({
      values: trial.values,
      point: resultAt(this.plan, trial, 0),
    }));
    if (!isKnown(seen)) return undefined;
    const values = suggestion(number, this.plan, seen);
    this.known.push({ values, key: await this.keyOf(values) });
    return this.known[number];
  }
}

type Seen = { readonly values: SweepValues; readonly point: ObjectivePoint | null | undefined };
type SeenAll = { readonly values: SweepValues; readonly point: ObjectivePoint | null };
const isKnown = (seen: readonly Seen[]): seen is readonly SeenAll[] => seen.every(({ point }) => point !== undefined);
