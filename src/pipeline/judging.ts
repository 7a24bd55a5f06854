/** By what a run's models are judged after it. */
import type { ScoringOptions } from "../train/evaluator.ts";
import type { Run } from "../train/run.ts";

/** As the run judged itself: an explicit null where it normalized nothing, so that no data set's own takes its place. */
export const judgingOf = ({ options }: Run): ScoringOptions => ({
  engine: options.engine,
  loss: options.loss,
  output: options.output,
  normalization: options.normalization ?? null,
});
