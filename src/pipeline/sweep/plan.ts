/** From the options of a search to its plan: defaults filled in, and what does not go together refused. */
import { checkInteger } from "../../checks.ts";
import { UsageError } from "../../error.ts";
import { aList, anObject, aText, maybe, wants } from "../../given.ts";
import { didYouMean } from "../../nearest.ts";
import { type ObjectiveName, objectiveNames } from "../../report/objectives.ts";
import { rungEpochs, type SweepStopping } from "./rungs.ts";
import { type SearchName, searchNames } from "./search.ts";
import { checkSpace, gridOf, type SweepSpace } from "./space.ts";
import type { SweepPlan } from "./survey.ts";

/** What a sweep searches, and how. */
export interface SweepSearch {
  /** What is varied, by name. */
  readonly space: SweepSpace;
  /** grid: all points; random; tpe: where earlier ones came out well (Bergstra et al. 2011). Default "grid" without ranges, else "random". */
  readonly search?: SearchName;
  /** Trials to make, ≥ 1. Default 30; of a grid all its points. */
  readonly trials?: number;
  /** Of the suggestions, any integer. Default 1. */
  readonly searchSeed?: number;
  /**
   * tpe: a trial is chosen by the results of all but so many before it, ≥ 0. As many can be made at once; which ones does not hang on who
   * was faster. Default 4.
   */
  readonly ahead?: number;
  /** Default ["accuracy"], of data without classes ["loss"]. With several, the first is the one of charts and of ties. */
  readonly objectives?: readonly ObjectiveName[];
  /** Stops trials that are not among the best, by successive halving; true for its defaults. Default: all are trained to their end. */
  readonly stopping?: SweepStopping | boolean;
}

/**
 * A plan with every default.
 * @param epochs of a whole trial
 * @param classes whether the loss of the trials knows classes, so that there is an accuracy. Default true
 * @throws UsageError naming what cannot be used, and what does not go together
 */
export function sweepPlan(asked: SweepSearch, epochs: number, classes = true): SweepPlan {
  wants(
    "sweepPlan",
    ["search", anObject, asked],
    ["space", anObject, asked, "space"],
    ["search", maybe(aText), asked, "search"],
    ["objectives", maybe(aList), asked, "objectives"],
  );
  const { space, searchSeed = 1, ahead = 4, stopping = false } = asked;
  const { objectives = [classes ? "accuracy" : "loss"] } = asked;
  checkSpace(space);
  const { search = Object.values(space).every((d) => "values" in d) ? "grid" : "random" } = asked;
  checkNames("search", [search], searchNames);
  checkNames("objectives", objectives, objectiveNames);
  if (objectives.length === 0 || new Set(objectives).size < objectives.length)
    throw new UsageError("out-of-range", "the objectives cannot be used", {
      got: `[${objectives.join(", ")}]`,
      wanted: "different ones, at least one",
    });
  if (!classes && objectives.includes("accuracy"))
    throw new UsageError(
      "conflict",
      "there is no accuracy without classes",
      {
        got: `objectives [${objectives.join(", ")}]`,
        wanted: objectiveNames.filter((n) => n !== "accuracy").join(", "),
      },
      "search for a small loss",
    );
  if (search === "grid" && asked.trials !== undefined)
    throw new UsageError(
      "conflict",
      "a grid has as many trials as points",
      { got: `trials ${asked.trials}` },
      "leave trials out, or search at random",
    );
  const trials = search === "grid" ? gridOf(space).length : (asked.trials ?? 30);
  checkInteger("trials", trials, 1);
  checkInteger("searchSeed", searchSeed, Number.MIN_SAFE_INTEGER);
  checkInteger("ahead", ahead, 0);
  const how = stopping === true ? {} : stopping;
  const rungs = how === false ? [] : rungEpochs(how, epochs);
  const factor = how === false ? 1 : (how.factor ?? 3);
  return { space, search, trials, searchSeed, ahead, objectives, rungs, factor };
}

function checkNames(what: string, got: readonly string[], known: readonly string[]): void {
  for (const name of got)
    if (!known.includes(name))
      throw new UsageError(
        "unknown-name",
        `there is no ${what} "${name}"`,
        { wanted: known.join(", ") },
        didYouMean(name, known),
      );
}
