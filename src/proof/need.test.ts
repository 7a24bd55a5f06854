/** Needs in which axes are stored once are the needs that they stand for. */
import { expect, test } from "vitest";
import { size } from "../graph/tensor.ts";
import { Random } from "../math/random.ts";
import { collapsedNeed, spreadNeed } from "./need.ts";
import { NEED } from "./rules/rule.ts";

test("a need alike along an axis is stored once there, and spreads to what it was", () => {
  const random = new Random(7, "verify");
  for (let round = 0; round < 200; round++) {
    const shape = Array.from({ length: 1 + random.int(4) }, () => 1 + random.int(4));
    const small = shape.map((d) => (random.int(2) ? d : 1));
    const level = Uint8Array.from({ length: size(small) }, () => [NEED.unread, NEED.zero, NEED.live][random.int(3)]);
    const whole = { shape, level: spreadNeed({ shape: small, level }, shape) };
    const once = collapsedNeed(whole);
    expect(once.shape.every((d, i) => d <= small[i])).toBe(true);
    expect(spreadNeed(once, shape)).toEqual(whole.level);
  }
});

test("a need that differs along every axis stays as it is", () => {
  const need = { shape: [2, 2], level: Uint8Array.of(NEED.live, NEED.unread, NEED.unread, NEED.live) };
  expect(collapsedNeed(need)).toBe(need);
});
