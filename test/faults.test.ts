/**
 * Faults planted in the rules that shrinking follows: each makes it remove what it must not, or fold a wrong number. The
 * proof shares none of those rules, and must not be taken in by the certificate.
 */
import { afterEach, expect, test, vi } from "vitest";
import type * as Sites from "../src/graph/op-site.ts";
import { prove } from "../src/proof/prove.ts";
import { certify } from "../src/shrink/certificate.ts";
import type { Fault, Passing } from "./support/fault.ts";
import { faultsOfFolding } from "./support/faults-of-folding.ts";
import { faultsOfPassing } from "./support/faults-of-passing.ts";

let planted: Fault | undefined;
afterEach(() => {
  planted = undefined;
});

vi.mock("../src/graph/op-site.ts", async (original) => {
  const real = await original<typeof Sites>();
  const ruleIn = (table: object, node: { readonly op: string; readonly domain: string }) => {
    const rule = real.ruleIn<object>(table, node as never);
    if (!rule || node.op !== planted?.op) return rule;
    if (planted.fold && "fold" in rule) return { ...rule, fold: planted.fold };
    if (!planted.axes) return rule;
    if ("barrier" in rule) return planted.axes(() => ({ ties: [] }));
    return typeof rule === "function" ? planted.axes(rule as Passing) : rule;
  };
  return { ...real, ruleIn };
});

test.each(Object.entries({ ...faultsOfFolding, ...faultsOfPassing }))("%s: found", async (_, fault) => {
  const full = fault.model();
  const right = await certify(full);
  expect((await prove(full, right.certificate, { small: right.model })).problems).toEqual([]);
  planted = fault;
  if (fault.unfit) return await expect(certify(full)).rejects.toThrow(fault.unfit);
  const wrong = await certify(full);
  planted = undefined;
  expect((await prove(full, wrong.certificate, { small: wrong.model })).holds).toBe(false);
});
