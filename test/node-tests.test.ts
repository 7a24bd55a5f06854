/** The committed ones of ONNX's own tests of single operators: what was read and what was written make what ONNX says. */
import { join } from "node:path";
import { node } from "espalier/node";
import { afterAll, expect, test } from "vitest";
import { fare, nodeCases } from "../experiments/node-cases.ts";

const engine = node({ threads: 1 });
afterAll(() => engine.release());
/** How many have agreed so far. */
const AGREE = 429;
const { cases } = nodeCases(join(import.meta.dirname, "fixtures/node-tests"));

/** How many of them fared how. */
const fared: Record<string, number> = {};

test("there are cases of most operators", () => {
  expect(new Set(cases.map((c) => c.operator)).size).toBeGreaterThan(180);
});

test.each(cases)("$name", async (c) => {
  const { is, why } = await fare(c, engine);
  fared[is] = (fared[is] ?? 0) + 1;
  expect(is, why).not.toBe("wrong");
});

test("most agree", () => {
  expect(fared.agree).toBeGreaterThanOrEqual(AGREE);
  expect(fared.evaluation).toBe(1);
});
