import { expect, test } from "vitest";
import { searchLambda } from "./lambda-search.ts";

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

test("a trial that diverges counts as one that keeps too little, and is never chosen", async () => {
  const tried: number[] = [];
  const kept = (l: number) => (l > 1e-4 ? null : Math.min(1, 1e-5 / l));
  const [best, ...rest] = await searchLambda(
    async (l) => {
      tried.push(l);
      return kept(l);
    },
    { target: 0.2, start: 2e-4 },
  );
  expect(tried[1]).toBe(2e-4 / 4);
  expect(best).toEqual({ lambda: 2e-4 / 4, kept: 0.2 });
  expect(rest).toEqual([{ lambda: 2e-4, kept: null }]);
  await expect(searchLambda(async () => null, { target: 0.2, maxTrials: 2 })).rejects.toThrow(
    "training diverged with every lambda\n  tried  0.0001000, 0.00002500",
  );
});

test("a tolerance or a number of trials out of range is refused before anything is trained", async () => {
  let trained = 0;
  const attempt = async () => ++trained;
  for (const tolerance of [-0.1, Number.NaN, Number.POSITIVE_INFINITY])
    await expect(searchLambda(attempt, { target: 0.5, tolerance })).rejects.toThrow("the tolerance is out of range");
  for (const maxTrials of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY])
    await expect(searchLambda(attempt, { target: 0.5, maxTrials })).rejects.toThrow("maxTrials is out of range");
  expect(trained).toBe(0);
});

test("the first λ must be positive", async () => {
  for (const start of [0, -1, Number.NaN, Number.POSITIVE_INFINITY])
    await expect(searchLambda(async () => 1, { target: 0.5, start })).rejects.toThrow(
      "the first lambda is out of range",
    );
});
