import { expect, test } from "vitest";
import { Random } from "../math/random.ts";
import { f32, full } from "./tensor.ts";
import { turns } from "./turning-table.ts";

const [ROWS, COLUMNS] = [12, 4];
const table = (f: (row: number, column: number) => number) =>
  f32(
    Array.from({ length: ROWS * COLUMNS }, (_, i) => f(Math.floor(i / COLUMNS), i % COLUMNS)),
    [ROWS, COLUMNS],
  );
const angle = (row: number, column: number) => row * 10000 ** (-column / COLUMNS);
const random = new Random(1, "init");

test.each([
  ["cosines", table((r, c) => Math.cos(angle(r, c))), true],
  ["sines", table((r, c) => Math.sin(angle(r, c))), true],
  ["scaled cosines", table((r, c) => 1.2 * Math.cos(angle(r, c))), true],
  ["numbers at random", table(() => random.normal() * 0.02), false],
  ["tiny numbers at random", table(() => random.normal() * 1e-6), false],
  ["an embedding whose first row is padding", table((r) => (r === 0 ? 0 : random.normal() * 0.02)), false],
  ["ones", full([ROWS, COLUMNS], 1), false],
  ["zeros", full([ROWS, COLUMNS], 0), false],
  ["a slope", table((r, c) => r * c), false],
  ["one row", full([1, COLUMNS], 1), false],
])("%s", (_, t, is) => expect(turns(t)).toBe(is));
