/** Dropout masks of a batch's parts. */
import { expect, test } from "vitest";
import { drawMask } from "./dropout-mask.ts";

const now = { epoch: 1, step: 2, stepsPerEpoch: 3, epochs: 4 };
const draw = (shape: readonly number[], count: number, from: number) =>
  drawMask({ name: "mask/0", shape, ratio: 0.5, makes: "y" }, 0, { count, from }, now, 1).data as Uint8Array;

test("the parts' masks are those of the whole, wherever a part begins", () => {
  const whole = [...draw([10, 7], 10, 0)];
  for (const from of [0, 1, 3, 6]) expect([...draw([3, 7], 3, from)]).toEqual(whole.slice(from * 7, (from + 3) * 7));
});

test("a mask without an axis of samples is drawn as often as it should be", () => {
  const kept = draw([41, 25], 4, 3).reduce((sum, k) => sum + k, 0); // 3/4 of its elements are no whole number
  expect(Math.abs(kept / (41 * 25) - 0.5)).toBeLessThan(0.1);
});
