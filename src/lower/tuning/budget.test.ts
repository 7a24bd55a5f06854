import { expect, test } from "vitest";
import { allowedMs } from "./budget.ts";

test("tuning may take its seconds, or twenty steps where these take longer", () => {
  expect(allowedMs(20, 100)).toBe(20_000);
  expect(allowedMs(20, 8000)).toBe(160_000);
  expect(allowedMs(60, 2000)).toBe(60_000);
});

test("of a run whose length is known it takes a twentieth at most", () => {
  expect(allowedMs(20, 100, 1000)).toBe(5000);
  expect(allowedMs(20, 100, 1e6)).toBe(20_000);
  expect(allowedMs(20, 8000, 100)).toBe(40_000);
});
