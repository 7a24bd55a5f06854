/** What the pipeline tells on its way, as data: the library prints nothing, whoever listens finds the words. */
import type { Words } from "../message.ts";
import type { Collapse, EpochMetrics } from "../report/results.ts";
import type { RankSearch, RankStep } from "./rank-search.ts";
import type { RankRule } from "./ranks.ts";

/** While ranks are chosen and a truncated model is trained on. */
export type RankEvent =
  /** A composed model is one map per layer again; `maxRel` is the largest relative difference of outputs, rounding. */
  | { readonly type: "composedBack"; readonly maxRel: number }
  /** A weight that is not truncated. */
  | { readonly type: "leftAlone"; readonly weight: string; readonly why: string }
  /** Ranks are chosen next; `saved` = they were chosen before the run was stopped. */
  | { readonly type: "choosing"; readonly rule: RankRule["rule"]; readonly saved: boolean }
  /** The iterative rule tried a reduction, its `count`-th. */
  | { readonly type: "reduction"; readonly count: number; readonly step: RankStep }
  /** The iterative rule is done; accuracy was judged on this split. */
  | { readonly type: "searched"; readonly search: RankSearch; readonly split: "validation" | "training" }
  /** No layer gets smaller at the ranks that were chosen, so all stay as they are. */
  | { readonly type: "nothingSplit"; readonly rule: RankRule["rule"] | "prox"; readonly composed: boolean }
  /** An epoch of training after truncation. */
  | { readonly type: "fineTuned"; readonly metrics: EpochMetrics; readonly epochs: number };

/** While a run is finished. */
export type FinishEvent =
  | RankEvent
  /** The model is not as its penalty wants it. */
  | { readonly type: "shortfall"; readonly words: Words }
  /** The weights are not of the ranks that the penalty kept, so no layer is split: the optimizer's average trails behind. */
  | { readonly type: "ranksNotReached" }
  /** The model answers no better than guessing; the words say so and why. */
  | { readonly type: "collapsed"; readonly collapse: Collapse; readonly words: string }
  /** All that can be stopped and gone on with is over; shrinking and verifying come next. */
  | { readonly type: "shrinking" }
  /** Model, small model and certificate are written; accuracy and latency come next. */
  | { readonly type: "measuring" };
