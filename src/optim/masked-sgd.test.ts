import { expect, test } from "vitest";
import { mlp } from "../models/mlp.ts";
import { magnitude } from "./magnitude.ts";
import { rigl } from "./rigl.ts";

test.each([
  ["rigl", rigl],
  ["magnitude", magnitude],
] as const)("%s refuses a model without weights to make zero, and does not train it densely", (name, method) => {
  const { graph } = mlp({ sizes: [20, 5] });
  const bind = (of: typeof graph, distribution?: "uniform") => method({ distribution }).bind!({ graph: of, seed: 1 });
  const frozen = { ...graph, initializers: new Map([...graph.initializers].filter(([v]) => v.name !== "fc1.weight")) };
  expect(() => bind(frozen)).toThrow(`${name} has no weights to make zero`);
  expect(() => bind(graph, "uniform")).toThrow(/fc1.weight alone/);
  expect(bind(graph).sets).toHaveLength(1);
});
