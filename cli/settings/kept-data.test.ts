import { digits } from "espalier";
import { expect, test } from "vitest";
import { keptData } from "./kept-data.ts";

test("data by name is opened once for runs that see the same samples; files are opened anew", async () => {
  let opened = 0;
  const open = keptData(async () => {
    opened++;
    return digits({ train: 10, test: 10 });
  });
  const after = async (asked: Parameters<typeof open>[0]) => {
    await open(asked);
    return opened;
  };
  const asked = { model: "logistic", data: "digits", limitTrain: 100, seed: 1 };
  expect(await after(asked)).toBe(1);
  expect(await after({ ...asked })).toBe(1);
  expect(await after({ ...asked, seed: 2 })).toBe(2);
  expect(await after({ ...asked, normalize: "none" })).toBe(3);
  expect(await after({ ...asked, data: "digits.csv" })).toBe(4);
  expect(await after({ ...asked, data: "digits.csv" })).toBe(5);
  expect(await after({ ...asked, model: "net.onnx" })).toBe(6);
});
