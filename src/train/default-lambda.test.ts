import { expect, test } from "vitest";
import { data, model, options } from "../../test/support/small-run.ts";
import { adam } from "../optim/adam.ts";
import { hspg } from "../optim/hspg.ts";
import { proxSgd } from "../optim/prox-sgd.ts";
import { proxSsi } from "../optim/prox-ssi.ts";
import { rda } from "../optim/rda.ts";
import { rmda } from "../optim/rmda.ts";
import { constant, multiStep } from "../optim/schedule.ts";
import { groupLasso } from "../prox/group-lasso.ts";
import { l0 } from "../prox/l0.ts";
import { l1 } from "../prox/l1.ts";
import { defaultLambda } from "./default-lambda.ts";
import type { TrainOptions } from "./options.ts";
import { train } from "./train.ts";
import { withWeights } from "./with-weights.ts";

const [full, lr] = [model(), constant({ lr: 0.1 })];
const said = { schedule: lr, epochs: 80, batchSize: 10, penalty: groupLasso({ lambda: 1 }) };
const chosen = (more: Partial<TrainOptions> = {}, of = full) => defaultLambda(of, data, options({ ...said, ...more }));

test("lambda halves as the run gets twice as long, and follows the scale of the weights", () => {
  const { lambda, lambdaWarmup, steps } = chosen()!;
  expect([lambdaWarmup, steps]).toEqual([40, 2400]);
  expect(chosen()).toEqual(chosen({ penalty: groupLasso({ lambda: 1e-4 }) })); // whatever the λ it is given
  expect(chosen({ epochs: 160 })!.lambda / lambda).toBeCloseTo(0.5, 1);
  expect(chosen({ epochs: undefined, steps: 4800 })).toEqual(chosen({ epochs: 160 }));
  expect(chosen({ schedule: constant({ lr: 0.2 }) })!.lambda / lambda).toBeCloseTo(0.5, 1);
  const doubled = Object.fromEntries(
    [...full.graph.initializers].map(([v, t]) => [v.name, (t.data as Float32Array).map((x) => 2 * x)]),
  );
  const long = { epochs: 320 };
  expect(chosen(long, withWeights(full, doubled))!.lambda / chosen(long)!.lambda).toBeCloseTo(2, 0);
});

test("a run of a few steps takes no more than nets have borne", () => {
  expect(chosen({ epochs: 1 })!.lambda).toBe(1.5e-3);
  expect(chosen({ epochs: 2 })!.lambda).toBe(1.5e-3);
});

test("a plain proximal step adds up its learning rates: one and a half norms over the run", () => {
  const uniform = { weights: "uniform" } as const;
  const { lambda } = chosen({
    optimizer: proxSgd(),
    penalty: groupLasso({ lambda: 1, ...uniform }),
    lambdaWarmup: 0,
    epochs: 800,
  })!;
  const second = [...full.graph.initializers].find(([v]) => v.shape.length === 2 && v.shape[0] === 10)![1];
  const norms = Array.from({ length: 32 }, (_, c) =>
    Math.hypot(...(second.data as Float32Array).filter((_, i) => i % 32 === c)),
  ).sort((a, b) => a - b);
  expect((lambda * 0.1 * 24000) / norms[16]).toBeCloseTo(1.5, 1);
});

test("each stage of dual averaging begins anew, and a warm-up of lambda that is said stays", () => {
  const stages = { schedule: multiStep({ lr: 0.1, milestones: [40] }), epochs: 160 };
  expect(chosen(stages)!.lambda).toBeGreaterThan(chosen({ epochs: 160 })!.lambda);
  expect(chosen({ lambdaWarmup: 3 })!.lambdaWarmup).toBe(3);
});

test.each<[string, Partial<TrainOptions>]>([
  ["rmda", { optimizer: rmda() }],
  ["proxSgd", { optimizer: proxSgd() }],
  ["hspg", { optimizer: hspg() }],
])("a first run with it shows zeros, and does not collapse: %s", async (_, more) => {
  const { lambda, lambdaWarmup } = chosen(more)!;
  const run = train(full, data, options({ ...said, ...more, penalty: groupLasso({ lambda }), lambdaWarmup }));
  for await (const _ of run);
  const last = run.history.at(-1)!;
  expect(last.groupSparsity).toBeGreaterThan(0.05);
  expect(last.groupSparsity).toBeLessThan(0.95);
  expect(last.testAccuracy).toBeGreaterThan(0.5);
});

test("single weights have one too", () => {
  expect(chosen({ penalty: l1({ lambda: 1 }) })!.lambda).toBeGreaterThan(0);
});

test.each<[string, Partial<TrainOptions>]>([
  ["no penalty", { optimizer: adam(), penalty: undefined }],
  ["a penalty whose steps do not add up", { penalty: l0({ lambda: 1 }), optimizer: proxSgd() }],
  ["an optimizer in a metric of its gradients", { optimizer: proxSsi() }],
  ["rda, which begins at 0", { optimizer: rda() }],
])("nothing is chosen for %s", (_, more) => {
  expect(chosen(more)).toBeUndefined();
});

test("what train refuses is refused", () => {
  expect(() => chosen({ epochs: 0 })).toThrow(/epochs/);
  expect(() => defaultLambda(undefined as never, data, options(said))).toThrow(/wants a model/);
});
