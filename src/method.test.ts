/** The errors of options, whole, and the types that schemas give. */
import { expect, test } from "vitest";
import type { GroupKind } from "./groups/group-set.ts";
import { adam } from "./optim/adam.ts";
import { proxSgd } from "./optim/prox-sgd.ts";
import { rda } from "./optim/rda.ts";
import type { RmdaOptions } from "./optim/rmda.ts";
import { rmda } from "./optim/rmda.ts";
import type { GroupLassoOptions } from "./prox/group-lasso.ts";
import { groupLasso } from "./prox/group-lasso.ts";

const options = (x: object): never => x as never; // what no type allows

test.each<[string, () => unknown]>([
  ["out of range", () => rmda({ c: 0 })],
  ["one-sided", () => adam({ eps: 0 })],
  ["inside a list", () => adam({ betas: [0.9, 1] })],
  ["a list of its own kind", () => rmda({ restarts: [3, 2] })],
  ["unknown choice", () => rmda(options({ momentumSchedule: "steps" }))],
  ["another word", () => rmda(options({ momentum: 0.9 }))],
  ["misspelled", () => adam(options({ beta: [0.9, 0.9] }))],
  ["no options at all", () => rda(options({ lr: 1 }))],
  ["missing", () => groupLasso(options({}))],
  ["with advice", () => groupLasso({ lambda: -1 })],
  ["a name or a record", () => groupLasso(options({ lambda: 1, groups: "channel" }))],
  ["inside a record", () => groupLasso({ lambda: 1, groups: { block: [2, 0] } })],
  ["unknown form", () => proxSgd(options({ form: "other" }))],
  ["of another form", () => proxSgd(options({ form: "unit", eps: 1e-3 }))],
])("%s", (_, make) => {
  expect(make).toThrowErrorMatchingSnapshot();
});

test("a big integer is named, which JSON does not have", () => {
  expect(() => rmda(options({ c: 1n }))).toThrow(/^c is out of range\n {2}got +"1n"\n/);
  expect(() => rmda(options({ other: { x: 1n } }))).toThrow(/has no other/);
});

test("types and schemas agree", () => {
  const said: RmdaOptions = { c: 0.1, momentumSchedule: "ramp", restarts: [1, 2] };
  expect(rmda(said).options).toEqual(said);
  const groups: readonly GroupKind[] = ["element", "inputChannel", "outputChannel", "coupled", { block: [2, 2] }];
  const all: readonly GroupLassoOptions[] = groups.map((kind) => ({ lambda: 1, groups: kind }));
  expect(all.map((o) => groupLasso(o).options["groups"])).toEqual(groups);
  // @ts-expect-error an option of another method
  expect(() => rmda({ momentum: 0.9 })).toThrow("rmda has no momentum");
  // @ts-expect-error a penalty without its strength
  expect(() => groupLasso()).toThrow("groupLasso wants lambda");
});

test("a typed array is a list", () => {
  expect(rmda(options({ restarts: Int32Array.of(2, 3) })).options).toMatchObject({ restarts: [2, 3] });
});
