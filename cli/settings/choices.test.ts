import { type PenaltyMethod, penalties } from "espalier";
import { describe, expect, test } from "vitest";
import { choose } from "./choices.ts";
import { settings } from "./config.ts";
import { latencySaid } from "./field.ts";
import { methods, resolved } from "./methods.ts";
import { belongs } from "./train-choices.ts";
import { type TrainConfig, trainFields } from "./train-fields.ts";

/** What a choice cannot do without. */
const needs: Readonly<Record<string, TrainConfig>> = {
  ...Object.fromEntries(Object.values(penalties).map(({ name, example }: PenaltyMethod) => [name, example ?? {}])),
  multiStep: { milestones: [2] },
  sef: { k: 3 },
  local: { rankKeep: 0.5 },
  global: { rankKeep: 0.5 },
};
const kinds = Object.keys(belongs) as (keyof typeof belongs)[];
const choices = kinds.flatMap((kind) => Object.keys(belongs[kind]).map((name) => [kind, name] as const));
const planned = (values: TrainConfig | Record<string, unknown>) => {
  const chosen = choose(settings(trainFields, [{ label: (key) => key, values: { ...values } }]));
  return resolved(chosen, methods(chosen));
};

describe("run.json of every choice can be read again, and says the same: without that no run could be resumed", () => {
  test.each(choices.filter(([kind, name]) => kind !== "rankRule" || name !== "none"))("%s %s", (kind, name) => {
    const first = planned({ model: "lenet5", data: "digits", [kind]: name, ...needs[name] });
    expect(first).toMatchObject({ [kind]: name, ...needs[name] });
    const saved = JSON.parse(JSON.stringify(first));
    expect(JSON.parse(JSON.stringify(planned(saved)))).toEqual(saved);
  });
});

test.each<[TrainConfig, RegExp]>([
  [
    { optimizer: "proxSgd", eps: 1e-3 },
    /only in the form yang\n +got +--eps 0\.001\n +fix +leave it out, or choose --form yang/,
  ],
  [{ optimizer: "proxSgd", form: "unit", beta: 0.9 }, /prox-sgd has beta only in the form yang/],
])("%j is refused in the words of the command line", (config, said) => {
  expect(() => choose({ model: "lenet5", data: "digits", ...config })).toThrow(said);
});

test("prox-sgd in the form yang has them", () => {
  expect(planned({ model: "lenet5", data: "digits", optimizer: "proxSgd", form: "yang", eps: 1e-3 })).toMatchObject({
    eps: 1e-3,
  });
});

test("trained weights are steered to a size by proximal SGD, unless something else is said", () => {
  const optimizer = (more: TrainConfig) =>
    choose({ model: "trained.onnx", data: "digits", targetMacs: 0.3, ...more }).optimizer;
  expect(optimizer({})).toBe("proxSgd");
  expect(optimizer({ optimizer: "rmda" })).toBe("rmda");
  expect(optimizer({ c: 0.05 })).toBe("rmda"); // which is an option of it
  for (const drawn of [{ model: "lenet5" }, { init: true }, { targetMacs: undefined }])
    expect(optimizer(drawn)).toBe("rmda");
});

test("their recipe is a cosine, where nothing is said of it", () => {
  const from = (more: TrainConfig) => choose({ model: "trained.onnx", data: "digits", targetMacs: 0.3, ...more });
  expect(from({})).toMatchObject({ lr: 0.2, schedule: "cosine" });
  expect(from({ lr: 0.05, schedule: "constant", warmupEpochs: 1 })).toMatchObject({
    lr: 0.05,
    schedule: "constant",
    warmupEpochs: 1,
  });
  expect(from({ milestones: [3] }).schedule).toBe("multiStep");
  expect(from({ optimizer: "proxSgd" })).toMatchObject({ lr: 0.1, schedule: "constant" });
});

test("a target of multiply-adds weighs groups by them, unless it is said otherwise", () => {
  const weights = (more: TrainConfig) => choose({ model: "lenet5", data: "digits", ...more }).weights;
  expect(weights({ targetMacs: 0.3 })).toBe("macs");
  expect(weights({ targetMacs: 0.3, weights: "size" })).toBe("size");
  expect(weights({ targetParams: 0.3 })).toBeUndefined();
});

test("a time is said in any unit or as a share; groups are weighed by what they save of it, and ranks and other targets refused", () => {
  const asked = (more: TrainConfig) => choose({ model: "lenet5", data: "digits", ...more });
  expect(["2ms", "0.5 s", "800us"].map(latencySaid)).toEqual([{ ms: 2 }, { ms: 500 }, { ms: 0.8 }]);
  expect(latencySaid(0.5)).toEqual({ keep: 0.5 });
  for (const wrong of [0, 1, "2", "fast", "-2ms"])
    expect(trainFields.targetLatency.schema.safeParse(wrong).success).toBe(false);
  expect(asked({ targetLatency: "2ms" }).weights).toBe("latency");
  expect(asked({ targetLatency: "2ms", weights: "macs" }).weights).toBe("macs");
  expect(asked({ targetLatency: "2ms", groups: "inputChannel" }).weights).toBe("macs"); // times are of channels
  expect(() => asked({ targetLatency: "2ms", targetMacs: 0.3 })).toThrow(/a run is steered to one target/);
  expect(() => asked({ targetLatency: "2ms", mpi: true })).toThrow(/ranks would each measure times of their own/);
  expect(() => asked({ latencyBatch: 8 })).toThrow(/a batch to be fast at belongs to a time/);
});
