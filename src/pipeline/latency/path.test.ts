import { expect, test } from "vitest";
import type { PrunableSet } from "../../groups/prunable.ts";
import { removalOrder } from "../prune/order.ts";
import { channelTimes, goneAfter, lossesOf, movesOf } from "./path.ts";

const set = (name: string, width: number): PrunableSet => ({
  name,
  channels: Array.from({ length: width }, (_, i) => i),
  by: [],
  readers: [],
  makers: [],
});
const losses = (scores: Float64Array, absolute?: boolean) =>
  lossesOf(scores, removalOrder(new Map([[set("a", scores.length), scores]]), 0), absolute);
const ones = (n: number) => new Float64Array(n).fill(1);

test("half of a narrow layer is given up as easily as half of a wide one, the last channels the hardest", () => {
  expect(losses(ones(8))[4]).toBeCloseTo(losses(ones(64))[32], 9);
  const lost = losses(ones(8));
  const steps = lost.slice(1).map((x, i) => x - lost[i]);
  expect(steps).toEqual([...steps].sort((a, b) => a - b));
  expect(losses(ones(64), true)[32]).toBeCloseTo(8 * losses(ones(8), true)[4], 9); // scores that compare
});

test("what is zero costs nothing, and what cannot be judged counts as nothing", () => {
  expect(losses(Float64Array.of(-1, 0, 2, 2)).slice(0, 4)).toEqual(
    [0, 0, 0, Math.log(2)].map((x) => expect.closeTo(x)),
  );
  expect(losses(Float64Array.of(1, 1, Number.POSITIVE_INFINITY))).toEqual([
    0,
    expect.closeTo(Math.log(2)),
    expect.any(Number),
  ]);
  expect(losses(new Float64Array(3))).toEqual([0, 0, 0, 0]);
});

test("for the same time a wide layer goes before a narrow one where it loses a smaller part", () => {
  const [narrow, wide] = [set("narrow", 8), set("wide", 64)];
  const times = new Map([
    [narrow, { widths: [8, 4], shares: [1, 0.8] }],
    [wide, { widths: [64, 48], shares: [1, 0.8] }],
  ]);
  const moves = movesOf(times, new Map([narrow, wide].map((s) => [s, losses(ones(s.channels.length))])));
  expect([...goneAfter(moves.slice(0, 1))]).toEqual([[wide, 16]]); // 16 channels, but a quarter of them
});

test("milliseconds of a channel are those of the narrowest width over what is gone, and never below noise", () => {
  const rows = [
    { name: "a", widths: [32, 16, 8], shares: [1, 0.99, 0.76] },
    { name: "b", widths: [10, 5], shares: [1, 1.02] },
  ];
  expect(channelTimes({ of: "", batch: 1, groups: "coupled", ms: 2, rows })).toEqual([
    { name: "a", channels: 32, ms: expect.closeTo((2 * 0.24) / 24) },
    { name: "b", channels: 10, ms: expect.closeTo((2 * 0.004) / 5) },
  ]);
});
