import { expect, test } from "vitest";
import { noPenalty, penaltyAt } from "./penalty-clock.ts";

const shares = [0.25, 0.5, 0.75, 1, 1];
const run = (ticks: readonly Parameters<typeof penaltyAt>[2][], point?: "onward" | "anew") => {
  let at = noPenalty;
  return ticks.map((tick, i) => {
    at = penaltyAt(at, shares[i], tick, point);
    return at;
  });
};

test("a plain step takes its share; a sum takes every part with the share of its own step, and begins anew", () => {
  expect(run(shares.map(() => ({ prox: 0.4, restart: false }))).map((p) => p.step)).toEqual([
    0.1,
    0.2,
    0.4 * 0.75,
    0.4,
    0.4,
  ]);
  const summed = run(shares.map((_, i) => ({ prox: { adds: 8, over: 2 }, restart: i === 3 })));
  expect(summed.map((p) => p.sum)).toEqual([2, 6, 12, 8, 16]);
  expect(summed.map((p) => p.step)).toEqual([1, 3, 6, 4, 8]);
});

test("of a prox that no step scales the next step does what is new, or all of it where its point is made anew", () => {
  const ticks = shares.map(() => ({ prox: 1, restart: false }));
  let left = 1;
  for (const { part, share } of run(ticks, "onward")) {
    left *= 1 - part;
    expect(left).toBeCloseTo(1 - share, 15);
  }
  expect(left).toBe(0);
  expect(run(ticks, "anew").map((p) => p.part)).toEqual(shares);
});

test("without a proximal step there is none", () => {
  expect(penaltyAt(noPenalty, 0.5, { restart: false })).toEqual({ share: 0.5, sum: 0, step: 0, part: 0.5 });
});
