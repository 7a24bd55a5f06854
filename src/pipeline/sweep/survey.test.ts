import { expect, test } from "vitest";
import type { EpochMetrics, Summary } from "../../report/results.ts";
import { memory } from "../../train/memory.ts";
import { FILES } from "../../train/run-files.ts";
import { writeJson } from "../../train/store.ts";
import { sweepPlan } from "./plan.ts";
import type { SweepValues } from "./space.ts";
import { SweepSurveyor } from "./survey.ts";
import { sweepResult } from "./sweep-files.ts";
import { trialStore } from "./trial-files.ts";

const sparsity = { groupSparsity: 0.5, weightedGroupSparsity: 0.5 };
const epoch = (n: number, testAccuracy: number, kept: number): EpochMetrics => ({
  ...{ epoch: n, loss: 1, accuracy: 0.5, testLoss: 1, testAccuracy, elementSparsity: 0, inputChannel: sparsity },
  ...{ groupSparsity: 1 - kept, weightedGroupSparsity: 1 - kept, patternChanges: 0, lr: 0.1, seconds: 1, msPerStep: 1 },
});
const half = (after: number) => ({ before: 10, after });
const summary = (smallAccuracy: number, params: number): Summary => ({
  ...sparsity,
  ...{ accuracy: smallAccuracy, smallAccuracy, loss: 1, smallLoss: 1, elementSparsity: 0, inputChannel: sparsity },
  ...{ params: half(params), macs: half(1), bytes: half(1), latencyMs: half(1), latencyMsBatch128: half(1) },
  ...{ maxAbsDiff: 0, maxRelDiff: 0, epochs: 4, seconds: 1, msPerStep: 1, structureStableSince: null },
  ...(params === 0 && { collapse: { guessing: 0.1, zeroWeights: [], fix: "use a smaller lambda" } }),
});

/** What is known of each trial: its epochs, and what it came to. */
async function surveyed(trials: readonly { epochs: readonly EpochMetrics[]; summary?: Summary }[]) {
  const store = memory();
  const plan = sweepPlan(
    {
      space: { n: { values: [...trials.keys()] } },
      objectives: ["accuracy", "params"],
      stopping: { first: 1, factor: 2 },
    },
    4,
  );
  const keyOf = async ({ n }: SweepValues) => `a${n}`;
  for (const [n, trial] of trials.entries()) {
    const own = trialStore(store, await keyOf({ n }));
    const lines = trial.epochs.map((m) => `${JSON.stringify(m)}\n`).join("");
    await own.write(FILES.metrics, new TextEncoder().encode(lines));
    if (trial.summary) await writeJson(own, FILES.summary, trial.summary);
  }
  const survey = await new SweepSurveyor(plan, store, keyOf).look();
  return { survey, result: sweepResult(plan, { title: "t", config: {}, environment: {} }, survey) };
}

test("a model of which nothing is left goes no further, and is on no front", async () => {
  const course = (accuracy: number, kept: number) => [1, 2, 3, 4].map((n) => epoch(n, accuracy, kept));
  const { survey, result } = await surveyed([
    { epochs: course(0.9, 0.8), summary: summary(0.9, 8) },
    { epochs: course(0.8, 0.4), summary: summary(0.8, 4) },
    { epochs: [epoch(1, 0.1, 0)] },
    { epochs: course(0.3, 0.1), summary: summary(0.1, 0) },
  ]);
  expect(result.front).toEqual([0, 1]);
  expect(result.trials.map((t) => t.state)).toEqual(["finished", "finished", "stopped early", "finished"]);
  expect(survey.complete).toBe(true);
});

test("a trial that ended before the rung counts there by its last epoch: nobody waits for ever", async () => {
  const { survey, result } = await surveyed([
    { epochs: [], summary: summary(0.9, 8) },
    { epochs: [epoch(1, 0.8, 0.5)], summary: summary(0.8, 4) },
  ]);
  expect([survey.complete, survey.jobs]).toEqual([true, []]);
  expect(result.trials.map((t) => t.state)).toEqual(["finished", "finished"]);
});

test("the jobs are what is furthest first, as far as the results allow", async () => {
  const { survey } = await surveyed([
    { epochs: [epoch(1, 0.9, 0.5), epoch(2, 0.9, 0.5)] },
    { epochs: [epoch(1, 0.8, 0.5)] },
    { epochs: [] },
    { epochs: [epoch(1, 0.99, 0.1)] },
  ]);
  expect(survey.jobs.map(({ number, until }) => [number, until])).toEqual([[2, 1]]);
  const { survey: later } = await surveyed([
    { epochs: [epoch(1, 0.9, 0.5)] },
    { epochs: [epoch(1, 0.8, 0.5)] },
    { epochs: [epoch(1, 0.7, 0.6)] },
    { epochs: [epoch(1, 0.99, 0.1)] },
  ]);
  expect(later.jobs.map(({ number, until }) => [number, until])).toEqual([
    [0, 2],
    [3, 2],
  ]);
});
