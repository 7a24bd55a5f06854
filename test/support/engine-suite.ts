/** The case suite of engines as tests. */
import { afterAll, describe, expect, test } from "vitest";
import type { Engine } from "../../src/engine/engine.ts";
import { contractCases, type EngineCase } from "./engine-cases.ts";
import { operatorCases } from "./engine-operators.ts";
import { refusalCases } from "./engine-refusals.ts";

const cases: Readonly<Record<string, EngineCase>> = { ...contractCases, ...refusalCases, ...operatorCases };

/** @param leftOut why an engine need not pass a case, by the case's name */
export function engineSuite(name: string, make: () => Engine, leftOut: Readonly<Record<string, string>>): void {
  describe(name, () => {
    const engine = make();
    afterAll(() => engine.release());
    for (const [title, run] of Object.entries(cases)) {
      const reason = leftOut[title];
      if (reason) test.skip(`${title} (left out: ${reason})`);
      else test(title, () => run(engine, make));
    }
    test("what is left out is a case, and has a reason", () => {
      expect(Object.keys(leftOut).filter((title) => !(title in cases))).toEqual([]);
      expect(Object.values(leftOut).filter((reason) => reason.length < 20)).toEqual([]);
    });
  });
}
