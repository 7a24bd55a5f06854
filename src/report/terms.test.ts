import { expect, test } from "vitest";
import type { EpochMetrics } from "./results.ts";
import { restartNote, structureNote } from "./terms.ts";

const epoch = (more: Partial<EpochMetrics>): EpochMetrics => ({
  epoch: 1,
  loss: 1,
  accuracy: null,
  testLoss: 1,
  testAccuracy: null,
  groupSparsity: 0,
  weightedGroupSparsity: 0,
  elementSparsity: 0,
  inputChannel: { groupSparsity: 0, weightedGroupSparsity: 0 },
  lr: 0.1,
  patternChanges: 0,
  seconds: 1,
  msPerStep: 1,
  ...more,
});

test("words are explained where they appear, and nowhere else", () => {
  const dual = { groupSparsity: 0.1, weightedGroupSparsity: 0.1, patternChanges: 1 };
  expect(structureNote([epoch({ groupSparsity: 0.5, dual })])).toMatch(
    /^A group is what dies together.* W̃ is the iterate/,
  );
  expect(restartNote([epoch({ dual })])).toContain("dual averaging restarts");
  expect([structureNote([epoch({})]), restartNote([epoch({})])]).toEqual(["", ""]);
});
