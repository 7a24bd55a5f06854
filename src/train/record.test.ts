import { expect, test } from "vitest";
import { readRecord } from "./record.ts";
import { noSums } from "./sums.ts";

const record = {
  version: 1,
  config: { seed: 1 },
  epoch: 2,
  step: 0,
  clock: { alpha: 0.5 },
  numbers: { lr: 0.1 },
  penalty: { share: 1, sum: 0, step: 0.1, part: 1 },
  sums: noSums(),
  history: [],
  lastChange: 1,
};

test("a record is taken as it is, or refused by the name of the field", () => {
  expect(readRecord(record)).toBe(record);
  for (const [field, wrong] of [
    ["version", { ...record, version: 2 }],
    ["epoch", { ...record, epoch: -1 }],
    ["step", { ...record, step: undefined }],
    ["clock.alpha", { ...record, clock: { alpha: null } }],
    ["sums.seconds", { ...record, sums: { ...noSums(), seconds: "long" } }],
    ["history.0", { ...record, history: [7] }],
    ["", null],
  ] as const)
    expect(() => readRecord(wrong)).toThrow(
      expect.objectContaining({
        what: "the checkpoint is of another version of Espalier",
        details: expect.objectContaining({ field }),
      }),
    );
});
