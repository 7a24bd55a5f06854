/** The registry is whole: what is left out of a method's file, or of the list of public names, is named here. */
import { describe, expect, test } from "vitest";
import { residualBlock } from "../test/support/residual-block.ts";
import * as espalier from "./index.ts";
import { optionSpecs } from "./method.ts";
import { exampleOf, formsOf, optimizers, type PenaltyName, penalties } from "./methods.ts";
import type { OptimizerMethod } from "./optim/define.ts";
import { goTogether } from "./optim/pairs.ts";
import type { PenaltyMethod } from "./prox/define.ts";

const { graph } = residualBlock({ seed: 1, side: 4, classes: 3 });
const optimizerRows = Object.entries<OptimizerMethod>(optimizers);
const penaltyRows = Object.entries<PenaltyMethod>(penalties);
const publicNames: Readonly<Record<string, unknown>> = espalier;

describe.each([...optimizerRows, ...penaltyRows])("%s", (name, method) => {
  test("is a public name, its own", () => {
    expect(method.name).toBe(name);
    expect(publicNames[name], `export { ${name} } from src/methods.ts`).toBe(method);
  });

  test("says what every option is for", () => {
    const all = "forms" in method ? method.forms.map((f) => f.options) : [method.options];
    for (const options of all)
      for (const [key, { description }] of Object.entries(optionSpecs(options))) expect(description, key).toMatch(/\w/);
  });
});

test.each(optimizerRows)(
  "%s: its default penalty goes with it, and other words are of options that it has",
  (_, method) => {
    for (const [i, optimizer] of formsOf(method).entries()) {
      const { defaults, options } = method.forms[i];
      const penalty: PenaltyMethod | undefined = penalties[defaults.penalty as PenaltyName];
      expect(penalty !== undefined && goTogether(optimizer, exampleOf(penalty))).toBe(optimizer.prox !== undefined);
      expect(Object.keys(options.shape)).toEqual(expect.arrayContaining(Object.keys(defaults.composed ?? {})));
      for (const [theirs, ours] of Object.entries(method.renames ?? {})) {
        expect(Object.keys(options.shape)).toContain(ours);
        expect(Object.keys(options.shape)).not.toContain(theirs);
      }
    }
  },
);

test.each(penaltyRows)("%s can do what it says", (_, method) => {
  const { proxInMetric, gradient, hostProx } = exampleOf(method).bind(graph);
  const can = { metric: !!proxInMetric, gradient: !!gradient, host: !!hostProx, prox: !hostProx };
  const ways = Object.entries(can).flatMap(([way, yes]) => (yes ? [way] : []));
  expect([...method.ways].sort()).toEqual(ways.sort());
});

test("defaults are public", () => {
  expect(optimizers.rmda.defaults).toEqual({ lr: 0.1, penalty: "groupLasso" });
  expect(optimizers.proxSgd.forms.map((f) => f.defaults.lr)).toEqual([0.1, 0.06]);
});
