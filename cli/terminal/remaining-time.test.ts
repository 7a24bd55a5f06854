import { expect, test } from "vitest";
import { remainingSeconds } from "./remaining-time.ts";

const run = (method: string, seconds: number, failed = false) => ({ method, seconds, failed });

test("a run takes as long as its method's, else as long as the finished ones", () => {
  expect(remainingSeconds([], ["a"])).toBeUndefined();
  expect(remainingSeconds([run("a", 10), run("a", 20), run("b", 40)], ["a", "b", "b"])).toBe(15 + 40 + 40);
  expect(remainingSeconds([run("a", 10), run("b", 20), run("c", 1, true)], ["c", "d"])).toBe(1 + 15);
  expect(remainingSeconds([run("a", 2, true)], ["b"])).toBe(2);
  expect(remainingSeconds([run("a", 2)], [])).toBe(0);
});
