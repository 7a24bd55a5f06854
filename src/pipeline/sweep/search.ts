/** The ways of a search: which point of the space its n-th trial is. */
import { Random } from "../../math/random.ts";
import { gridOf, type SweepSpace, type SweepValues, valueAt } from "./space.ts";
import { type SeenTrial, tpeSuggestion } from "./tpe.ts";

/** How points are chosen: all of a grid; at random; where earlier ones came out well. */
export type SearchName = "grid" | "random" | "tpe";

/** What suggestions follow from. */
export interface SearchPlan {
  readonly space: SweepSpace;
  readonly search: SearchName;
  /** Trials; of a grid all its points. */
  readonly trials: number;
  /** Of the counter generator. */
  readonly searchSeed: number;
  /** tpe: a trial looks at the results of those more than so many before it. */
  readonly ahead: number;
}

interface Way {
  /** The trials whose results the n-th looks at: those before this one. */
  readonly looksAt: (n: number, plan: SearchPlan) => number;
  readonly suggest: (n: number, plan: SearchPlan, seen: readonly SeenTrial[]) => SweepValues;
}

/** Trials at random before the first that looks at results. */
const STARTUP = 10;

const atRandom: Way["suggest"] = (n, { space, searchSeed }) => {
  const random = new Random(searchSeed, "sweep", n);
  return Object.fromEntries(Object.entries(space).map(([name, d]) => [name, valueAt(d, random.uniform())]));
};

const ways: Readonly<Record<SearchName, Way>> = {
  grid: { looksAt: () => 0, suggest: (n, { space }) => gridOf(space)[n] },
  random: { looksAt: () => 0, suggest: atRandom },
  tpe: {
    looksAt: (n, { ahead }) => (n < STARTUP ? 0 : Math.max(0, n - ahead)),
    suggest: (n, plan, seen) =>
      n < STARTUP ? atRandom(n, plan, seen) : tpeSuggestion(plan.space, seen, new Random(plan.searchSeed, "sweep", n)),
  },
};

/** The names of the ways. */
export const searchNames = Object.keys(ways) as SearchName[];

/** The trials 0 … m − 1 must have their results before the n-th is known; this is m. */
export const resultsBefore = (n: number, plan: SearchPlan): number => ways[plan.search].looksAt(n, plan);

/**
 * The n-th point: a pure function of the plan and of these results.
 * @param seen the first `resultsBefore(n)` trials
 */
export const suggestion = (n: number, plan: SearchPlan, seen: readonly SeenTrial[]): SweepValues =>
  ways[plan.search].suggest(n, plan, seen);
