import { expect, test } from "vitest";
import { bootstrap } from "./bootstrap.ts";
import { Random } from "./random.ts";
import { mean, median } from "./statistics.ts";

test("nine of ten intervals and more hold the mean that the values were drawn around", () => {
  const held = Array.from({ length: 200 }, (_, i) => {
    const random = new Random(i, "verify");
    const { low, high } = bootstrap(
      Array.from({ length: 20 }, () => 3 + random.normal()),
      mean,
    );
    return low <= 3 && 3 <= high;
  }).filter(Boolean);
  expect(held.length).toBeGreaterThan(170);
  expect(held.length).toBeLessThan(200);
});

test("the same values have the same interval, and equal ones none", () => {
  const values = [1, 5, 2, 8, 3, 9];
  expect(bootstrap(values, median)).toEqual(bootstrap(values, median));
  expect(bootstrap(values, median)).toMatchObject({ value: 4 });
  expect(bootstrap([2, 2, 2], median)).toEqual({ value: 2, low: 2, high: 2 });
});
