import { expect, test } from "vitest";
import { searchLambda } from "./search.ts";

test("finds λ for a target, from either side, within few trials", async () => {
  const kept = (lambda: number) => Math.min(1, 1e-5 / lambda); // any decreasing curve
  for (const start of [1e-7, 1e-4, 1e-1]) {
    const [best, ...rest] = await searchLambda(async (l) => kept(l), { target: 0.1, start, maxTrials: 20 });
    expect(best.kept).toBeGreaterThan(0.085);
    expect(best.kept).toBeLessThan(0.115);
    expect(rest.length).toBeLessThan(12);
  }
});

test("stops after maxTrials and returns the nearest", async () => {
  const trials = await searchLambda(async () => 1, { target: 0.5, maxTrials: 3 });
  expect(trials).toHaveLength(3);
});
