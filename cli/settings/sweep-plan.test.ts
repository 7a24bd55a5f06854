/** From a configuration to a plan and to the settings of trials; and what is wrong in one, said by file and key. */
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { fileOrigins, settings } from "./config.ts";
import { sweepFields } from "./sweep-fields.ts";
import { plannedSweep } from "./sweep-plan.ts";

const planned = (yaml: string) => {
  const values = { model: "lenet5", data: "digits", epochs: 9, ...parse(yaml) };
  return plannedSweep(settings(sweepFields, [{ label: (key) => `c.yaml: ${key}`, values }]), fileOrigins("c.yaml"));
};

test("lists, ranges and names of one's own; integers where the setting has them", () => {
  const { plan } = planned(`
space:
  lr: { from: 0.01, to: 1, log: true }
  batch-size: { from: 16, to: 64, steps: 4 }
  optimizer: [rmda, prox-sgd]
  way: { A: { lambda: 1e-3 }, B: null }
stopping: true`);
  expect(plan).toMatchObject({ search: "random", trials: 30, rungs: [1, 3], objectives: ["accuracy"] });
  expect(plan.space).toEqual({
    lr: { from: 0.01, to: 1, scale: "log", integer: false },
    "batch-size": { from: 16, to: 64, scale: "linear", integer: true, steps: 4 },
    optimizer: { values: ["rmda", "prox-sgd"] },
    way: { values: ["A", "B"] },
  });
});

test("without classes the loss is looked for", () => {
  const { plan } = planned("{ loss: mse, space: { lr: [0.1] } }");
  expect(plan.objectives).toEqual(["loss"]);
  expect(planned("{ loss: { a: mse, b: cross-entropy }, space: { lr: [0.1] } }").plan.objectives).toEqual(["accuracy"]);
});

test("a comparison of methods and seeds is the grid of both", () => {
  const { plan, settingsOf } = planned(`
lambda: 1e-3
space:
  method: { dense: { optimizer: sgd, lambda: null }, RMDA: { optimizer: rmda, milestones: [4] } }
  seed: [1, 2]`);
  expect([plan.search, plan.trials]).toEqual(["grid", 4]);
  const shared = { model: "lenet5", data: "digits", epochs: 9 };
  expect(settingsOf({ method: "dense", seed: 2 })).toEqual({
    ...shared,
    optimizer: "sgd",
    seed: 2,
    threads: expect.any(Number),
  });
  expect(settingsOf({ method: "RMDA", seed: 1 })).toMatchObject({
    ...shared,
    optimizer: "rmda",
    lambda: 1e-3,
    milestones: [4],
  });
});

test("a trial is called by what it comes to: defaults count as if they were said, where it runs does not count", async () => {
  const keys = await Promise.all(
    ["{}", "{ batchSize: 128 }", "{ threads: 3 }", "{ batchSize: 64 }"].map((more) =>
      planned(`{ ...: 1, space: { lr: [0.1] } }`.replace("...: 1", more.slice(1, -1).trim() || "seed: 1")).keyOf({
        lr: 0.1,
      }),
    ),
  );
  expect(keys[0]).toMatch(/^[0-9a-f]{16}$/);
  expect(keys.map((key) => key === keys[0])).toEqual([true, true, true, false]);
});

describe("a mistake names the file and the key", () => {
  test.each<[string, string, RegExp]>([
    ["no space", "seed: 1", /sweep wants a space\n +where +c\.yaml/],
    ["an unknown setting", "space: { lamda: [1] }", /no setting "lamda"\n +where +c\.yaml: space\.lamda/],
    ["a wrong value", "space: { lambda: [0.1, -1] }", /lambda cannot be -1\n +where +c\.yaml: space\.lambda/],
    ["threads", "space: { threads: [1, 2] }", /threads is the same for all trials/],
    ["threads in a way", "space: { w: { A: { threads: 1 } } }", /threads is the same.*\n +where +c\.yaml: space\.w\.A/],
    ["the folder in a way", "space: { w: { A: null, B: { out: x } } }", /out is the same for all trials/],
    ["ranks", "space: { mpi: [true, false] }", /mpi is the same for all trials/],
    ["a range that goes back", "space: { lr: { from: 1, to: 0.1 } }", /lr cannot be varied/],
    ["a way without a name", "space: { way: {} }", /way has nothing to choose from/],
    ["a grid of a range", "{ space: { lr: { from: 0.1, to: 1 } }, search: grid }", /grid wants the steps of lr/],
    ["an objective", "{ space: { lr: [0.1] }, objectives: [speed] }", /objectives cannot be/],
    [
      "rungs and epochs",
      "{ space: { epochs: [2, 4] }, stopping: true }",
      /early stopping and epochs do not go together/,
    ],
    [
      "rungs that are not scored",
      "{ space: { lr: [1] }, evalEvery: 2, stopping: true }",
      /stopping and eval-every do not/,
    ],
    [
      "epochs in a way",
      "{ space: { w: { A: null, B: { epochs: 2 } } }, stopping: true }",
      /stopping and epochs do not/,
    ],
    ["steps in a way", "{ space: { w: { A: null, B: { epochs: null, steps: 9 } } }, stopping: true }", /stopping and/],
    [
      "scores in a way",
      "{ space: { w: { A: null, B: { eval-every: 2 } } }, stopping: true }",
      /stopping and eval-every/,
    ],
    ["listed scores", "{ space: { evalEvery: [1, 2] }, stopping: true }", /stopping and eval-every do not/],
    [
      "accuracy of numbers",
      "{ space: { lr: [0.1] }, loss: mse, objectives: [accuracy] }",
      /no accuracy without classes/,
    ],
    ["rungs beyond the end", "{ space: { lr: [1] }, stopping: { first: 9 } }", /first an integer in 1 … 8/],
    ["another optimizer's", "space: { m: { A: { optimizer: rmda, momentum: 0.9 } } }", /rmda has no momentum/],
  ])("%s", (_, yaml, said) => {
    expect(() => planned(yaml)).toThrow(said);
  });
});
