/** A trainer that goes on as another: on another engine, without a channel that is dead, with a batch in parts. */
import { expect, test } from "vitest";
import { counted } from "../../test/support/counted.ts";
import { fromArrays } from "../data/dataset.ts";
import { digits } from "../data/digits.ts";
import { node } from "../engine/node.ts";
import { size } from "../graph/tensor.ts";
import type { Model, Tensor } from "../graph/types.ts";
import { mlp } from "../models/mlp.ts";
import { write } from "../onnx/write.ts";
import type { Optimizer } from "../optim/optimizer.ts";
import { proxSsi } from "../optim/prox-ssi.ts";
import { rmda } from "../optim/rmda.ts";
import { constant, multiStep } from "../optim/schedule.ts";
import { sgd } from "../optim/sgd.ts";
import { groupLasso } from "../prox/group-lasso.ts";
import { crossEntropy } from "../step/loss.ts";
import { withTensors } from "../step/parameters.ts";
import { memory } from "./memory.ts";
import type { TrainOptions } from "./options.ts";
import { train } from "./train.ts";
import { Trainer } from "./trainer.ts";

const engine = () => node({ threads: 1 });

const images = digits({ train: 150, test: 20, seed: 3 });
const settings = (more: Partial<TrainOptions> = {}): TrainOptions => ({
  engine: engine(),
  optimizer: rmda({ c: 0.1 }),
  schedule: multiStep({ lr: 0.1, milestones: [2, 3] }),
  penalty: groupLasso({ lambda: 0.01 }),
  lambdaWarmup: 2.5,
  epochs: 4,
  batchSize: 64,
  ...more,
});
const network = () => mlp({ sizes: [784, 16, 10], seed: 1, input: [1, 28, 28] });

test("a run that moves to another engine half-way ends with the same bytes", async () => {
  const whole = train(network(), images, settings());
  for await (const _ of whole);
  const moved = train(network(), images, settings());
  for await (const { epoch } of moved) if (epoch === 2) await moved.moveTo(engine());
  expect(write(moved.model)).toEqual(write(whole.model));
  const figures = ({ history }: typeof whole) => history.map(({ seconds, msPerStep, ...rest }) => rest);
  expect(figures(moved)).toEqual(figures(whole));
  for (const run of [moved, train(network(), images, settings())])
    await expect(run.moveTo(engine())).rejects.toThrow("between two epochs");
});

test("a move that nobody waits for is over before the next step; within a step there is none", async () => {
  const whole = train(network(), images, settings());
  for await (const _ of whole);
  const target = engine();
  const refused: Promise<unknown>[] = [];
  const onProgress = () => refused.push(expect(moved.moveTo(engine())).rejects.toThrow("between two epochs"));
  const moved = train(network(), images, settings({ onProgress }));
  for await (const { epoch } of moved) if (epoch === 2) for (const to of [engine(), target]) void moved.moveTo(to);
  await Promise.all(refused);
  expect(refused).toHaveLength(12);
  expect(write(moved.model)).toEqual(write(whole.model));
  expect(moved.options.engine).toBe(target);
});

test("a loop that is left while the run moves leaves nothing on either engine", async () => {
  const [from, to] = [counted(engine()), counted(engine())];
  const run = train(network(), images, settings({ engine: from.engine }));
  for await (const _ of run) {
    void run.moveTo(to.engine);
    break;
  }
  expect([from.alive.size, to.alive.size]).toEqual([0, 0]);
});

test("a checkpoint goes on with another engine", async () => {
  const whole = train(network(), images, settings());
  for await (const _ of whole);
  const store = memory();
  const stop = new AbortController();
  for await (const { epoch } of train(network(), images, settings({ store, signal: stop.signal })))
    if (epoch === 2) stop.abort();
  const rest = train(network(), images, settings({ store, resume: true, engine: engine() }));
  for await (const _ of rest);
  expect(write(rest.model)).toEqual(write(whole.model));
});

const [INPUTS, HIDDEN, DEAD] = [6, 5, 2];
const rows = Array.from({ length: 12 }, (_, i) => Array.from({ length: INPUTS }, (_, k) => Math.sin(i * 7 + k * k)));
const data = fromArrays(
  rows,
  rows.map(([a, b]) => (a > b ? 1 : 0)),
);
const batch = { ...data.train, epoch: 0, step: 0 };

/** A tensor without the dead unit: without its row in fc1, its bias, and the column of fc2 that reads it. */
function cut(param: string, t: Tensor): Tensor {
  const axis = { "fc1.weight": 0, "fc1.bias": 0, "fc2.weight": 1 }[param];
  if (axis === undefined) return t;
  const inner = size(t.shape.slice(axis + 1));
  const data = (t.data as Float32Array).filter((_, i) => Math.floor(i / inner) % HIDDEN !== DEAD);
  return { ...t, shape: t.shape.map((d, i) => (i === axis ? d - 1 : d)), data };
}
const tensorsOf = ({ graph }: Model) => new Map([...graph.initializers].map(([v, t]) => [v.name, t]));
const sized = (hidden: number) => mlp({ sizes: [INPUTS, hidden, 4, 3], seed: 1 });

/** The network of five hidden units, one of them dead. */
function withDeadUnit(): Model {
  const model = sized(HIDDEN);
  const zeroed = new Map(
    [...tensorsOf(model)].map(([name, t]) => {
      const left = cut(name, { ...t, data: Float32Array.from(t.data as Float32Array, (_, i) => i) }).data;
      const stays = new Set(left as Float32Array);
      return [name, { ...t, data: (t.data as Float32Array).map((x, i) => (stays.has(i) ? x : 0)) }];
    }),
  );
  return { ...model, graph: withTensors(model.graph, zeroed) };
}

async function trainer(optimizer: Optimizer): Promise<Trainer> {
  const made = new Trainer({
    engine: engine(),
    model: withDeadUnit(),
    optimizer,
    ...(optimizer.prox && { penalty: groupLasso({ lambda: 0.01, weights: "uniform" }) }), // whatever the groups' sizes
    schedule: constant({ lr: 0.05 }),
    terms: [{ loss: crossEntropy() }],
    inputs: [{ dtype: "float32", sample: data.shape }],
    seed: 1,
  });
  await made.begin();
  return made;
}
/** Six steps from `first` on, λ still rising. */
async function steps(of: Trainer, first: number): Promise<void> {
  for (let step = first; step < first + 6; step++) {
    const now = { epoch: 0, step, stepsPerEpoch: 12, epochs: 1 };
    await of.step(batch, now, (step + 1) / 12);
  }
}

test.each([
  ["sgd", sgd()],
  ["rmda", rmda({ c: 0.3 })],
  ["proxSsi", proxSsi()],
] as const)("%s: without a dead unit, slots cut by name, the others go on as they would have", async (_, optimizer) => {
  const whole = await trainer(optimizer);
  await steps(whole, 0);
  await steps(whole, 6);

  const first = await trainer(optimizer);
  await steps(first, 0);
  const before = await first.model();
  const small = sized(HIDDEN - 1);
  const weights = new Map([...tensorsOf(before)].map(([name, t]) => [name, cut(name, t)]));
  const graph = withTensors(small.graph, weights);
  const second = await first.rebuild({ graph, carry: (slot, { param }) => cut(param, slot) });
  await steps(second, 6);

  const wanted = tensorsOf(await whole.model());
  for (const [name, { shape, data }] of tensorsOf(await second.model())) {
    const survivors = cut(name, wanted.get(name)!);
    expect(shape).toEqual(survivors.shape);
    for (const [i, x] of survivors.data.entries()) expect(data[i]).toBeCloseTo(Number(x), 6);
    expect(data).not.toEqual(weights.get(name)!.data); // it went on
  }
  expect(second.memory.penalty).toEqual(whole.memory.penalty);
  await whole.release();
  await second.release();
});

test("a slot that does not fit the new graph is refused, and the trainer stays as it was", async () => {
  const at = await trainer(sgd());
  await steps(at, 0);
  const before = await at.weights();
  const small = sized(HIDDEN - 1);
  await expect(at.rebuild({ graph: small.graph })).rejects.toThrow(/slot\/v\/fc1.weight[\s\S]*\[5,6\][\s\S]*\[4,6\]/);
  expect(await at.weights()).toEqual(before);
  await steps(at, 6);
  await at.release();
});

test("from one step to the next a batch may be taken in other parts", async () => {
  const [whole, first] = [await trainer(rmda({ c: 0.3 })), await trainer(rmda({ c: 0.3 }))];
  await steps(whole, 0);
  await steps(whole, 6);
  await steps(first, 0);
  const second = await first.rebuild({ accumulate: 5 });
  await steps(second, 6);
  const wanted = await whole.weights();
  for (const [name, { data }] of await second.weights())
    for (const [i, x] of wanted.get(name)!.data.entries()) expect(data[i]).toBeCloseTo(Number(x), 6);
  await whole.release();
  await second.release();
});
