import { expect, test } from "vitest";
import { fromBfloat16, fromFloat16, toBfloat16, toFloat16 } from "./half.ts";

test.each([
  ["float16", fromFloat16, toFloat16, 0x7c00],
  ["bfloat16", fromBfloat16, toBfloat16, 0x7f80],
] as const)("every %s survives, and halfway goes to even", (_, from, to, infinity) => {
  for (let b = 0; b < 0x10000; b++) if ((b & 0x7fff) <= infinity) expect(to(from(b))).toBe(b);
  for (let b = 0; b < 1000; b++) expect(to((from(b) + from(b + 1)) / 2)).toBe(b + (b & 1));
  expect(from(to(Number.NaN))).toBeNaN();
  expect(to(1e300)).toBe(infinity);
});
