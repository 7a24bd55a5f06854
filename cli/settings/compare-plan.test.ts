import { UsageError } from "espalier";
import { describe, expect, test } from "vitest";
import type { CompareConfig } from "./compare-fields.ts";
import { comparePlan } from "./compare-plan.ts";
import { fileOrigins } from "./config.ts";

const base: CompareConfig = { model: "lenet5", data: "digits" };
const planned = (config: CompareConfig) => comparePlan({ ...base, ...config }, fileOrigins("c.yaml"));

test("all methods with the first seed, then with the next; a folder for each run", () => {
  const { methods, seeds, runs } = planned({ seeds: [3, 1], methods: { "Prox SGD, λ=1e-3": null, RMDA: {} } });
  expect(methods).toEqual(["Prox SGD, λ=1e-3", "RMDA"]);
  expect(seeds).toEqual([3, 1]);
  expect(runs.map((r) => [r.method, r.seed, r.settings.seed, r.folder.replaceAll("\\", "/")])).toEqual([
    ["Prox SGD, λ=1e-3", 3, 3, "prox-sgd-λ-1e-3/seed-3"],
    ["RMDA", 3, 3, "rmda/seed-3"],
    ["Prox SGD, λ=1e-3", 1, 1, "prox-sgd-λ-1e-3/seed-1"],
    ["RMDA", 1, 1, "rmda/seed-1"],
  ]);
});

test("a method's own settings win over the shared ones, in either spelling; null takes one away", () => {
  const { runs } = planned({
    epochs: 9,
    milestones: [4],
    penalty: "groupLasso",
    methods: { a: { "batch-size": 16, optimizer: "prox-sgd", epochs: 3 }, b: { milestones: null, penalty: "l1" } },
  });
  const shared = { ...base, seed: 1 };
  expect(runs.map((r) => r.settings)).toEqual([
    { ...shared, epochs: 3, milestones: [4], penalty: "groupLasso", batchSize: 16, optimizer: "proxSgd" },
    { ...shared, epochs: 9, penalty: "l1" },
  ]);
});

describe("a mistake names the file, the method and the key", () => {
  test.each<[string, CompareConfig, RegExp]>([
    ["no methods", {}, /compare wants methods\n +where +c\.yaml\n/],
    ["no model", { model: undefined, methods: { a: {} } }, /compare wants a model\n +where +c\.yaml\n/],
    ["no data", { data: undefined, methods: { a: {} } }, /compare wants data\n +where +c\.yaml\n/],
    [
      "unknown key",
      { methods: { a: {}, b: { lamda: 1 } } },
      /where +c\.yaml: methods\.b\.lamda\n +fix +did you mean lambda/,
    ],
    [
      "wrong value",
      { methods: { a: { lr: "fast" } } },
      /where +c\.yaml: methods\.a\.lr\n +got +fast\n +wanted +a number > 0/,
    ],
    [
      "a model per method",
      { methods: { a: { model: "mlp7" } } },
      /the same for all methods\n +where +c\.yaml: methods\.a\.model/,
    ],
    [
      "data per method, as it was typed",
      { methods: { a: { "limit-train": 9 } } },
      /limit-train is the same for all methods\n +where +c\.yaml: methods\.a\.limit-train/,
    ],
    [
      "a wrong value, as it was typed",
      { methods: { a: { "batch-size": "none" } } },
      /where +c\.yaml: methods\.a\.batch-size/,
    ],
    ["a folder per method", { methods: { a: { out: "x" } } }, /out is the same for all methods/],
    [
      "a seed per method",
      { methods: { a: { seed: 3 } } },
      /no seed of its own\n +where +c\.yaml: methods\.a\.seed\n[\s\S]*seeds: \[1, 2, 3\]/,
    ],
    [
      "one folder for two",
      { methods: { "R MDA": {}, "r-mda!": {} } },
      /share one folder\n +where +c\.yaml: methods\.r-mda!\n +got +R MDA, r-mda!\n +folder +r-mda/,
    ],
    ["a name without letters", { methods: { "*": {} } }, /"\*" has no letter or digit/],
  ])("%s", (_, config, said) => {
    expect(() => planned(config)).toThrow(UsageError);
    expect(() => planned(config)).toThrow(said);
  });
});
