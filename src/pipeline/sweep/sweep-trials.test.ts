import { expect, test } from "vitest";
import { memory } from "../../train/memory.ts";
import { sweepPlan } from "./plan.ts";
import { type SweepingOptions, sweepTrials } from "./sweep-trials.ts";

const plan = sweepPlan({ space: { n: { values: [1, 2] } } }, 3);
const identity = { title: "t", config: {}, environment: {} };

test("failed trials stay failed, until they are to be tried again; what is fatal is no failure of a trial", async () => {
  const store = memory();
  const tried: string[] = [];
  const swept = (more: Partial<SweepingOptions> = {}) =>
    sweepTrials(plan, identity, {
      store,
      keyOf: async ({ n }) => `a${n}`,
      async complete({ key }) {
        tried.push(key);
        throw new Error("broken");
      },
      ...more,
    });
  await expect(swept({ isFatal: () => true })).rejects.toThrow("broken");
  expect(tried.splice(0)).toEqual(["a1"]);
  const { result } = await swept();
  expect(result.trials.map((t) => [t.state, t.error])).toEqual([
    ["failed", "broken"],
    ["failed", "broken"],
  ]);
  expect(tried.splice(0)).toEqual(["a1", "a2"]);
  await swept();
  expect(tried).toEqual([]);
  await swept({ retryFailed: true });
  expect(tried).toEqual(["a1", "a2"]);
});
