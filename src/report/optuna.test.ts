/** The journal as optuna.storages.journal reads it; its own reader gave these trials back (5.0.0, JournalFileBackend). */
import { expect, test } from "vitest";
import { optunaJournal } from "./optuna.ts";
import type { EpochMetrics } from "./results.ts";
import type { SweepResult, SweepRow } from "./sweep.ts";

const sparsity = { groupSparsity: 0, weightedGroupSparsity: 0 };
const epoch = (n: number, testAccuracy: number): EpochMetrics => ({
  ...sparsity,
  ...{ epoch: n, loss: 1, accuracy: 0.5, testLoss: 1, testAccuracy, elementSparsity: 0, inputChannel: sparsity },
  ...{ patternChanges: 0, lr: 0.1, seconds: 1, msPerStep: 1 },
});
const values = { lr: 0.1, width: 3, kind: { of: "b" } };
const space = {
  lr: { from: 0.01, to: 1, scale: "log" },
  width: { from: 2, to: 5, integer: true },
  kind: { values: ["a", { of: "b" }] },
} as const;
const row = (number: number, more: Partial<SweepRow>): SweepRow => ({
  ...{ number, folder: `trials/${number}`, values, state: "waiting", epochs: [] },
  ...more,
});
const result = (objectives: SweepResult["objectives"], trials: readonly SweepRow[]): SweepResult => ({
  ...{ title: "t", objectives, planned: 9, rungs: [], trials, front: [], complete: false, config: {}, environment: {} },
});
const lines = (r: SweepResult) =>
  optunaJournal(r, space)
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));

test("a study and its trials: directions, states, values, distributions, the course", () => {
  const finished = row(0, {
    state: "finished",
    figures: { accuracy: 0.9, params: 12 },
    epochs: [epoch(1, 0.8), epoch(2, 0.9)],
  });
  const [study, first, ...others] = lines(
    result(
      ["accuracy", "params"],
      [
        finished,
        row(1, { state: "stopped early", epochs: [epoch(1, 0.1)] }),
        row(2, { state: "failed", error: "no" }),
        row(3, {}),
      ],
    ),
  );
  expect(study).toEqual({ op_code: 0, worker_id: "espalier", study_name: "t", directions: [2, 1] });
  expect(first).toMatchObject({
    ...{ op_code: 4, study_id: 0, datetime_start: null, state: 1, value: null, values: [0.9, 12] },
    params: { lr: 0.1, width: 3, kind: 1 },
    intermediate_values: { 1: 0.8, 2: 0.9 },
  });
  expect(Object.values(first.distributions).map((d) => JSON.parse(d as string))).toEqual([
    { name: "FloatDistribution", attributes: { low: 0.01, high: 1, log: true, step: null } },
    { name: "IntDistribution", attributes: { low: 2, high: 5, log: false, step: 1 } },
    { name: "CategoricalDistribution", attributes: { choices: ["a", '{"of":"b"}'] } },
  ]);
  expect(others.map((t) => [t.state, t.values])).toEqual([
    [2, null],
    [3, null],
    [4, null],
  ]);
  expect(others[1].user_attrs).toMatchObject({ trial: 3, error: "no" });
});

test("one objective is a value; a trial without it has failed", () => {
  const [, one, none] = lines(
    result(
      ["accuracy"],
      [row(0, { state: "finished", figures: { accuracy: 0.9 } }), row(1, { state: "finished", figures: {} })],
    ),
  );
  expect([one.value, one.values, none.state]).toEqual([0.9, null, 3]);
});
