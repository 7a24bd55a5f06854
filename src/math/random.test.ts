/** The generator against the published answers of Philox4x32-10 (Random123's kat_vectors). */
import { expect, test } from "vitest";
import { Random } from "./random.ts";

const draw = (random: Random) => Array.from({ length: 4 }, () => random.uint32());

test("counter 0 and key 0 give the published block", () => {
  expect(draw(new Random(0, "init", 0, 0))).toEqual([0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8]);
});

test("streams of other seeds, purposes, epochs and steps are others", () => {
  const streams = [
    new Random(0, "init"),
    new Random(1, "init"),
    new Random(2 ** 32, "init"),
    new Random(0, "shuffle"),
    new Random(0, "init", 1),
    new Random(0, "init", 0, 1),
  ].map((r) => draw(r).join());
  expect(new Set(streams).size).toBe(streams.length);
});

test("what is skipped is what would have been drawn", () => {
  for (const [drawn, skipped] of [
    [0, 0],
    [0, 4],
    [0, 7],
    [2, 1],
    [3, 9],
    [4, 2],
  ]) {
    const [whole, rest] = [new Random(3, "dropout", 1, 2), new Random(3, "dropout", 1, 2)];
    for (let i = 0; i < drawn; i++) rest.uint32();
    rest.skip(skipped);
    for (let i = 0; i < drawn + skipped; i++) whole.uint32();
    expect(draw(rest)).toEqual(draw(whole));
  }
});
