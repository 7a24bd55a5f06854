/** Names of the inputs and outputs of a step's programs, and of the tensors of a checkpoint. No parameter's name collides with them. */
import type { PenaltyNumber } from "./penalty-clock.ts";

/** What our own names begin with. A parameter whose name begins so is called otherwise inside a run. */
const RESERVED =
  /^(?:batch|param|slot|clock|mask|gradient|sum|next|pattern|statistics|structure|forward|backward|penalty|candidate|basis|moved|rank|residual|track|propose|prox|project|accept|init|dual)\/|^__/;

export const names = {
  x: "batch/x",
  y: "batch/y",
  /** A further input or label of the batch. */
  more: (name: string) => `batch/more/${name}`,
  loss: "batch/loss",
  correct: "batch/correct",
  /** What the batch says of itself at a normalization. */
  observed: (what: "mean" | "variance", place: number) => `batch/${what}/${place}`,
  /** What a rank has of its own samples at a place where ranks exchange, and what all have there. */
  ofRank: (place: number) => `batch/rank/${place}`,
  ofAll: (place: number, which: number) => `batch/all/${place}/${which}`,
  /** What the sum over labels of places is divided by: how many of them count. */
  known: (more: string | undefined) => `batch/known/${more ?? "y"}`,
  /** What the gradients of a part of a batch are multiplied by: the share of the batch's samples that it holds. */
  weight: "batch/weight",
  /** The zero pattern of the last epoch. */
  pattern: "pattern/groups",
  /** For how many epochs channels have been unread, of a run that shrinks while it trains. */
  unread: "pattern/unread",
  /** A running statistic as evaluation has it, where that is not as the steps carry it along. */
  statistics: (name: string) => `statistics/${name}`,
  /** Which elements of a parameter may be other than zero. */
  structure: (param: string) => `structure/${param}`,
  /** A parameter or running statistic: its own name, as a rule. */
  param: (name: string) => (RESERVED.test(name) ? `param/${name}` : name),
  slot: (slot: string, param: string) => `slot/${slot}/${param}`,
  clock: (n: string) => `clock/${n}`,
  /** What of the penalty acts at this step. */
  penalty: (n: PenaltyNumber) => `penalty/${n}`,
  /** What crosses the cut between `gradients` and `update`. */
  gradient: (param: string) => `gradient/${param}`,
  sum: (param: string) => `sum/${param}`,
  /** What the host moves between propose and accept. */
  candidate: (param: string) => `candidate/${param}`,
  /** What a prox that an engine follows carries from step to step, and what it makes of a candidate. */
  basis: (param: string) => `basis/${param}`,
  moved: (param: string) => `moved/${param}`,
  rank: (param: string) => `rank/${param}`,
  residual: (param: string) => `residual/${param}`,
  next: (state: string) => `next/${state}`,
} as const;

/** Whether an output of a program is there for the next one to read. */
export const passedOn = (output: string): boolean => /^(?:next|sum|forward|backward)\//.test(output);

/** Whether an input is of the samples of a batch: their numbers, labels and masks. */
export const ofBatch = (input: string): boolean => /^(?:batch|mask)\//.test(input);
