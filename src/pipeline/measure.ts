/** What running a full and a small model shows: how well they do, and how fast. */
import type { Dataset } from "../data/dataset.ts";
import type { BeforeAfter, LatencyReached } from "../report/results.ts";
import { type EvaluateOptions, evaluate } from "../train/evaluate.ts";
import type { Score } from "../train/score.ts";
import type { Steering } from "../train/steering.ts";
import { type TimedModel, timedBatches, timeModels } from "./timing.ts";

/** Of the full model and of the small one. */
export interface Measured {
  readonly scores: { readonly before: Score; readonly after: Score };
  /** Of the files. */
  readonly bytes: BeforeAfter;
  /** Medians in milliseconds: at batch 1, and at batch 128 where a model takes any. */
  readonly latencies: readonly BeforeAfter[];
  /** With a target that is a time. */
  readonly latency?: LatencyReached;
}

export async function measure(
  before: TimedModel,
  after: TimedModel,
  data: Dataset,
  judging: EvaluateOptions,
  target?: Steering,
): Promise<Measured> {
  const scores = {
    before: await evaluate(before.model, data, judging),
    after: await evaluate(after.model, data, judging),
  };
  const latencies: BeforeAfter[] = [];
  for (const batch of timedBatches([before.model, after.model], [1, 128])) {
    const [a, b] = await timeModels(judging.engine, [before, after], batch);
    latencies.push({ before: a, after: b });
  }
  const latency = await target?.reached?.(before.model, after.model);
  return {
    ...(latency && { latency }),
    scores,
    bytes: { before: before.bytes.length, after: after.bytes.length },
    latencies,
  };
}
