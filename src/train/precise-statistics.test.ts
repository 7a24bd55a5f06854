import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { sketch } from "../../test/support/small-models.ts";
import { epochOrder } from "../data/batches.ts";
import { type Dataset, fromArrays } from "../data/dataset.ts";
import { digits } from "../data/digits.ts";
import { node } from "../engine/node.ts";
import { builder } from "../graph/builder.ts";
import { f32 } from "../graph/tensor.ts";
import type { Model, Value } from "../graph/types.ts";
import { torchDefault } from "../models/init.ts";
import { mlp } from "../models/mlp.ts";
import { network } from "../models/network.ts";
import { write } from "../onnx/write.ts";
import { rmda } from "../optim/rmda.ts";
import { constant } from "../optim/schedule.ts";
import { sgd } from "../optim/sgd.ts";
import { groupLasso } from "../prox/group-lasso.ts";
import { evaluate } from "./evaluate.ts";
import { memory } from "./memory.ts";
import type { TrainOptions } from "./options.ts";
import { preciseStatistics } from "./precise-statistics.ts";
import { settingsOf } from "./record.ts";
import { train } from "./train.ts";

const engine = node({ threads: 1 });
const fixture = JSON.parse(readFileSync(new URL("../../test/fixtures/train/statistics.json", import.meta.url), "utf8"));

/** The network of test/fixtures/train/statistics.py: its second normalization is used twice. */
function twiceUsed(): Model {
  const g = builder();
  const w = (name: string): Value => {
    const { shape, data } = fixture.weights[name];
    return g.initializer(name, f32(data, shape));
  };
  const stored = new Map(Object.keys(fixture.weights).map((name) => [name, w(name)]));
  const at = (name: string) => stored.get(name)!;
  const block = (x: Value, i: number) => {
    const h = g.Conv(x, at(`conv${i}.weight`), null, { pads: [1, 1, 1, 1] });
    const norm = ["weight", "bias", "running_mean", "running_var"].map((n) => at(`bn${i}.${n}`));
    return g.Relu(g.BatchNormalization(h, norm[0], norm[1], norm[2], norm[3]));
  };
  const h = block(block(block(g.input("x", "float32", [1, 2, 4, 4]), 1), 2), 2);
  const dropped = g.Dropout(g.Flatten(h), { ratio: 0.5 });
  g.output(g.Gemm(dropped, at("fc.weight"), at("fc.bias"), { transB: 1 }), "y");
  return { graph: g.build(), opset: 17, dims: new Map([["x", ["n", 2, 4, 4]]]), metadata: new Map() };
}

const labels = (n: number) => new Int32Array(n);
const arrays = (x: Float32Array, n: number): Dataset =>
  fromArrays(x, labels(n), { shape: [2, 4, 4], classes: 4, test: { x: x.slice(0, 32), y: labels(1) } });

/** The fixture's samples where the seed's shuffled order finds them one after the other. */
function samples(): Dataset {
  const x = new Float32Array(fixture.x.length);
  epochOrder(10, 1, 0).forEach((row, i) => {
    x.set(fixture.x.slice(i * 32, (i + 1) * 32), row * 32);
  });
  return arrays(x, 10);
}

const tensorsOf = ({ graph }: Model) =>
  new Map([...graph.initializers].map(([v, t]) => [v.name, [...t.data].map(Number)]));
const near = (got: readonly number[], wanted: readonly number[]) => {
  expect(got.length).toBe(wanted.length);
  got.forEach((x, i) => {
    expect(x).toBeCloseTo(wanted[i], 4);
  });
};

describe("against PyTorch", () => {
  test.each([10, 5, 4])("mean and variance of all values that a normalization sees, in batches of %d", async (size) => {
    const found = tensorsOf(await preciseStatistics(twiceUsed(), samples(), { engine, batchSize: size }));
    for (const bn of ["bn1", "bn2"]) {
      const { mean, variance } = fixture[size].pooled[bn];
      near(found.get(`${bn}.running_mean`)!, mean);
      near(found.get(`${bn}.running_var`)!, variance);
    }
    expect(found.get("conv1.weight")).toEqual(tensorsOf(twiceUsed()).get("conv1.weight"));
  });

  test("torch's update_bn gives the same of one batch; of several, which it averages, the same means", async () => {
    const one = tensorsOf(await preciseStatistics(twiceUsed(), samples(), { engine }));
    near(one.get("bn1.running_mean")!, fixture[10].update_bn.bn1.mean);
    near(one.get("bn1.running_var")!, fixture[10].update_bn.bn1.variance);
    const two = tensorsOf(await preciseStatistics(twiceUsed(), samples(), { engine, batchSize: 5 }));
    for (const bn of ["bn1", "bn2"]) near(two.get(`${bn}.running_mean`)!, fixture[5].update_bn[bn].mean);
    expect(two.get("bn1.running_var")![0]).not.toBeCloseTo(fixture[5].update_bn.bn1.variance[0], 2);
  });

  test("a number of batches takes the first of the order, and never fewer than two samples", async () => {
    const [some, all] = [
      await preciseStatistics(twiceUsed(), samples(), { engine, batchSize: 5, batches: 1 }),
      await preciseStatistics(twiceUsed(), samples(), { engine, batchSize: 5, batches: 99 }),
    ].map(tensorsOf);
    const first = arrays(Float32Array.from(fixture.x.slice(0, 160)), 5);
    const half = tensorsOf(await preciseStatistics(twiceUsed(), first, { engine }));
    near(some.get("bn2.running_var")!, half.get("bn2.running_var")!);
    expect(all.get("bn2.running_var")).not.toEqual(some.get("bn2.running_var"));
  });
});

test("what cannot be is refused, and a model without running statistics is given back", async () => {
  const wrong = (options: object) => preciseStatistics(twiceUsed(), samples(), { engine, ...options });
  await expect(wrong({ batches: 0 })).rejects.toThrow(/batches/);
  await expect(wrong({ batchSize: 1 })).rejects.toThrow(/batchSize/);
  await expect(wrong({ engine: undefined })).rejects.toThrow(/wants an engine/);
  await expect(wrong({ signal: AbortSignal.abort(new Error("enough")) })).rejects.toThrow("enough");
  const plain = sketch([2, 4, 4], ({ g, x, fc }) => fc(g.Flatten(x), "fc", 4));
  expect(await preciseStatistics(plain, samples(), { engine })).toBe(plain);
  const frozen = ["*.running_*"];
  expect(tensorsOf(await preciseStatistics(twiceUsed(), samples(), { engine, freeze: frozen }))).toEqual(
    tensorsOf(twiceUsed()),
  );
});

/** A small network with batch norm for digits. */
const normalized = (): Model =>
  network({ name: "normalized", input: [1, 28, 28], seed: 1, init: torchDefault }, (n, x) => {
    const block = (h: Value, i: number) =>
      n.relu(n.batchNorm(`bn${i}`, n.conv2d(`conv${i}`, h, 12, { kernel: 3, stride: 2, bias: false })));
    return n.linear("fc", n.flatten(block(block(block(x, 1), 2), 3)), 10);
  });

describe("a run", async () => {
  const data = digits({ train: 1000, test: 300, seed: 3 });
  const proximal = (more: Partial<TrainOptions> = {}): TrainOptions => ({
    engine,
    optimizer: rmda({ c: 0.01 }),
    schedule: constant({ lr: 0.1 }),
    penalty: groupLasso({ lambda: 0.05 }),
    epochs: 2,
    batchSize: 100,
    ...more,
  });
  const trained = async (model: Model, options: TrainOptions) => {
    const run = train(model, data, options);
    for await (const _ of run);
    return run;
  };
  const momentum = { engine, optimizer: sgd({ momentum: 0.9 }), schedule: constant({ lr: 0.05 }), batchSize: 50 };
  const dense = await trained(normalized(), { ...momentum, epochs: 6 });
  const accuracy = async (model: Model) => (await evaluate(model, data, { engine })).accuracy!;

  test("that moves a trained network by a proximal method is evaluated by the statistics of its weights", async () => {
    const carried = await trained(dense.model, proximal({ preciseStatistics: false }));
    const precise = await trained(dense.model, proximal());
    expect(await accuracy(dense.model)).toBeGreaterThan(0.9);
    expect(await accuracy(carried.model)).toBeLessThan(0.5);
    expect(await accuracy(precise.model)).toBeGreaterThan(0.85);
    expect(precise.history.at(-1)!.testAccuracy).toBe(await accuracy(precise.model));
    expect(precise.history.at(-1)!.statisticsSeconds).toBeGreaterThan(0);
    expect(carried.history.at(-1)).not.toHaveProperty("statisticsSeconds");
    const [a, b] = [carried, precise].map((run) => tensorsOf(run.model));
    for (const [name, values] of a) if (!name.includes("running")) expect(b.get(name), name).toEqual(values);
    const anew = tensorsOf(await preciseStatistics(carried.model, data, { engine, batchSize: 100 }));
    expect(b).toEqual(anew); // what `run.model` has is what the function gives
  });

  test("that is stopped, between epochs or within one, ends with the same bytes", async () => {
    const whole = await trained(dense.model, proximal({ store: memory() }));
    for (const steps of [3, 10, 12]) {
      const store = memory();
      const stop = new AbortController();
      let done = 0;
      const onProgress = () => ++done === steps && stop.abort();
      const stopped = await trained(dense.model, proximal({ store, onProgress, signal: stop.signal }));
      expect(stopped.finished).toBe(false);
      const resumed = await trained(dense.model, proximal({ store, resume: true }));
      expect(write(resumed.model)).toEqual(write(whole.model));
      const again = await trained(dense.model, proximal({ store, resume: true }));
      expect(write(again.model)).toEqual(write(whole.model)); // of a finished run the checkpoint has them
    }
  });

  test("by small steps alone goes by what they carry, unless it is asked", async () => {
    const usual = await trained(normalized(), { ...momentum, epochs: 1 });
    expect(usual.history[0]).not.toHaveProperty("statisticsSeconds");
    expect(settingsOf(usual.options, data)).not.toHaveProperty("preciseStatistics");
    const asked = await trained(normalized(), { ...momentum, epochs: 1, preciseStatistics: 3 });
    expect(asked.history[0].statisticsSeconds).toBeGreaterThan(0);
    expect(settingsOf(asked.options, data)).toHaveProperty("preciseStatistics", 3);
    expect(asked.history[0].loss).toBe(usual.history[0].loss);
  });

  test("of a model without batch norm has none, and wrong numbers of batches are refused", async () => {
    const plain = mlp({ sizes: [784, 8, 10], seed: 1, input: [1, 28, 28] });
    expect(train(plain, data, proximal({ preciseStatistics: 5 })).options.preciseStatistics).toBe(false);
    expect(train(dense.model, data, proximal()).options.preciseStatistics).toBe(50);
    const frozen = proximal({ freeze: ["*.running_*"] });
    expect(train(dense.model, data, frozen).options.preciseStatistics).toBe(false);
    expect(() => train(dense.model, data, proximal({ preciseStatistics: 0 }))).toThrow(/preciseStatistics/);
    expect(() => train(dense.model, data, proximal({ preciseStatistics: true as never }))).toThrow(
      /a number, or false/,
    );
  });
});
