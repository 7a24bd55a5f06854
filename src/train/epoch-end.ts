/** What is measured when an epoch ends: loss and accuracy on the held-out samples, structure, what the epoch took. */
import type { Tensor } from "../graph/types.ts";
import type { Moment } from "../optim/schedule.ts";
import type { EpochMetrics } from "../report/results.ts";
import type { Evaluation } from "./evaluation.ts";
import { changes, type Structure } from "./metrics.ts";
import type { Resolved } from "./options.ts";
import { tellsClasses } from "./score.ts";
import type { RunStanding } from "./standing.ts";
import type { Steered } from "./steered.ts";
import { meansOf } from "./sums.ts";
import type { Thinning } from "./thinning.ts";
import type { Trainer } from "./trainer.ts";

/** A run at the end of an epoch. */
interface EndedEpoch {
  readonly trainer: Trainer;
  readonly options: Resolved;
  readonly structure: Structure;
  readonly evaluation: Evaluation;
  readonly steered: Steered | undefined;
  readonly thinning: Thinning | undefined;
  readonly standing: Pick<RunStanding, "sums" | "pattern">;
  /** The epoch's last step. */
  readonly last: Moment;
}

/** Measures, and renews the running statistics that it measures by. */
export async function measureEpoch({
  trainer,
  options,
  structure,
  evaluation,
  steered,
  thinning,
  standing: { sums, pattern: before },
  last,
}: EndedEpoch) {
  const begun = performance.now();
  const epoch = last.epoch + 1;
  const scored = epoch % options.evalEvery === 0 || epoch === options.epochs;
  const scores = await evaluation.judge(trainer, scored);
  const weights: ReadonlyMap<string, Tensor> = await trainer.weights();
  const dual = await trainer.dual();
  const pattern = structure.pattern(dual ?? weights);
  const c = trainer.averaging;
  const { loss, accuracy, msPerStep } = meansOf(sums, tellsClasses(options));
  const metrics: EpochMetrics = {
    epoch,
    loss,
    accuracy,
    ...scores,
    ...structure.measure(weights, dual),
    ...trainer.penaltyMetrics(),
    patternChanges: changes(before, pattern),
    lr: options.schedule.lr(last),
    ...(c !== undefined && { c }),
    ...steered?.metrics,
    ...thinning?.metrics,
    seconds: sums.seconds + (performance.now() - begun) / 1000,
    msPerStep,
  };
  return { metrics, weights, pattern };
}
