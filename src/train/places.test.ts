/** Training on texts of differing lengths: the same as if all were as long as the longest, on few graphs. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test, vi } from "vitest";
import { communicators } from "../../test/support/communicators.ts";
import { type Batch, batches, type Loader } from "../data/batches.ts";
import type { Dataset } from "../data/dataset.ts";
import { fromColumns } from "../data/from-columns.ts";
import { encodeTexts, encodeWords } from "../data/text/encode-texts.ts";
import { textTokenizer } from "../data/text/tokenizer.ts";
import { node } from "../engine/node.ts";
import { axesOfInput } from "../graph/bind.ts";
import { numbers } from "../graph/tensor.ts";
import type { Model } from "../graph/types.ts";
import { Random } from "../math/random.ts";
import { read } from "../onnx/read.ts";
import { write } from "../onnx/write.ts";
import { constant } from "../optim/schedule.ts";
import { sgd } from "../optim/sgd.ts";
import { evaluate } from "./evaluate.ts";
import { forSamples, placesOf } from "./inputs.ts";
import { memory } from "./memory.ts";
import type { TrainOptions } from "./options.ts";
import { train } from "./train.ts";

const folder = join(import.meta.dirname, "../../test/fixtures/text/tiny-bert");
const parsed = (name: string) => JSON.parse(readFileSync(join(folder, name), "utf8"));
const tokenizer = textTokenizer({
  tokenizer: parsed("tokenizer.json"),
  config: parsed("tokenizer_config.json"),
  model: parsed("config.json"),
});
const engine = node({ threads: 1 });

const WORDS = ["film", "dull", "delight", "music", "story", "wonderful", "waste", "of", "the", "a", "and", "time"];
const random = new Random(2, "digits");
const texts = Array.from({ length: 90 }, (_, i) =>
  Array.from({ length: 1 + random.int(i % 9 === 0 ? 40 : 12) }, () => WORDS[random.int(WORDS.length)]).join(" "),
);
const classes = Int32Array.from(texts, (t) => Number(/delight|wonderful|music/.test(t)));
let model: Model;
let data: Dataset;
beforeAll(() => {
  model = read(new Uint8Array(readFileSync(join(folder, "onnx/model.onnx"))));
  const { inputs, lengths } = encodeTexts(texts, tokenizer);
  data = fromColumns(
    { inputs, labels: { logits: classes }, places: { lengths, of: Object.keys(inputs) } },
    { test: 0.3 },
  );
});
const options = (more: Partial<TrainOptions> = {}): TrainOptions => ({
  engine,
  optimizer: sgd({ momentum: 0.9 }),
  schedule: constant({ lr: 0.05 }),
  epochs: 3,
  batchSize: 8,
  ...more,
});
async function trained(of: Model, on: Dataset, more: Partial<TrainOptions> = {}) {
  const run = train(of, on, options(more));
  for await (const _ of run);
  return run;
}
const apart = (a: Model, b: Model): number => {
  const [one, other] = [a, b].map((m) => [...m.graph.initializers.values()].map((t) => numbers(t)));
  return Math.max(...one.map((of, i) => of.reduce((m, v, j) => Math.max(m, Math.abs(v - other[i][j])), 0)));
};

/** The batches of the lengths, filled up to the longest after all. */
const toLongest: Loader = async function* (split, plan) {
  const { places } = plan;
  const longest = places!.lengths.at(-1)!;
  for await (const batch of batches(split, plan)) {
    const { count, length, ...rest } = batch;
    const fill = <T extends Batch["x"]>(of: T): T => {
      const to = new (of.constructor as new (n: number) => T)(count * longest);
      for (let i = 0; i < count; i++) to.set(of.subarray(i * length!, (i + 1) * length!), i * longest);
      return to;
    };
    const more = Object.fromEntries(Object.entries(batch.more!).map(([name, of]) => [name, fill(of)]));
    yield { ...rest, x: fill(batch.x), more, count, length: longest };
  }
};

test("scores are those of texts that are all filled up to the longest", async () => {
  const { places, ...whole } = data;
  expect(places!.lengths.length).toBeGreaterThan(2);
  const [a, b] = [await evaluate(model, data, { engine }), await evaluate(model, whole, { engine })];
  expect(a.loss).toBeCloseTo(b.loss, 5);
  expect(a.accuracy).toBe(b.accuracy);
});

test("so are the weights that are trained, on no more graphs than there are lengths, and one", async () => {
  const load = vi.spyOn(engine, "load");
  const run = await trained(model, data);
  const { lengths } = data.places!;
  expect(load.mock.calls.length).toBeLessThanOrEqual(1 + 2 * (lengths.length + 1)); // init, steps, evaluations
  load.mockRestore();
  const whole = await trained(model, { ...data, batches: toLongest });
  expect(apart(run.model, whole.model)).toBeLessThan(2e-4);
  expect(apart(run.model, model)).toBeGreaterThan(0.05);
  expect(run.notes.map(String).join()).toMatch(/samples are filled up to [\d, ]+ places, [\d.]+ % of which is filling/);
  expect(run.history.at(-1)!.loss).toBeLessThan(run.history[0].loss);
});

test("a run that goes on after a stop ends with the same bytes; parts of a batch end alike", async () => {
  const whole = await trained(model, data);
  const store = memory();
  const stop = new AbortController();
  const first = train(
    model,
    data,
    options({ store, signal: stop.signal, onProgress: ({ epoch, step }) => epoch === 2 && step === 3 && stop.abort() }),
  );
  for await (const _ of first);
  expect(first.finished).toBe(false);
  const second = await trained(model, data, { store, resume: true });
  expect(write(second.model)).toEqual(write(whole.model));
  const parts = await trained(model, data, { accumulate: 2 });
  expect(apart(parts.model, whole.model)).toBeLessThan(1e-3);
});

test("labels of places count where they are, whatever the batch is filled up with", async () => {
  const words = texts.map((t) => t.split(" "));
  const tags = words.map((w) => w.map((one) => (/delight|wonderful|music/.test(one) ? "B" : "O")));
  const { inputs, labels, lengths } = encodeWords(words, tags, tokenizer);
  const tagger = tokenLabels(model);
  const places = { lengths, of: [...Object.keys(inputs), "hidden"] };
  const tagged = fromColumns({ inputs, labels: { hidden: labels }, places }, { test: 0.3 });
  const { places: _, ...whole } = tagged;
  const [a, b] = [await evaluate(tagger, tagged, { engine }), await evaluate(tagger, whole, { engine })];
  expect(a.loss).toBeCloseTo(b.loss, 5);
  expect(a.accuracy).toBeCloseTo(b.accuracy!, 6);
  const [run, all] = [await trained(tagger, tagged), await trained(tagger, { ...tagged, batches: toLongestOfAll })];
  expect(apart(run.model, all.model)).toBeLessThan(2e-4);
  const ranks = communicators(2).map((communicator) => trained(tagger, tagged, { communicator, epochs: 1 }));
  const [[one], alone] = [await Promise.all(ranks), await trained(tagger, tagged, { epochs: 1 })];
  expect(apart(one.model, alone.model)).toBeLessThan(1e-6); // each rank counts its own labels, all by their mean
});

/** The same with labels of places, which −100 fills up. */
const toLongestOfAll: Loader = async function* (split, plan) {
  const longest = plan.places!.lengths.at(-1)!;
  for await (const batch of batches(split, plan)) {
    const { count, length } = batch;
    const fill = <T extends Batch["x"] | Batch["y"]>(of: T, by: number): T => {
      const to = new (of.constructor as new (n: number) => T)(count * longest).fill(by) as T;
      for (let i = 0; i < count; i++) to.set(of.subarray(i * length!, (i + 1) * length!), i * longest);
      return to;
    };
    const more = Object.fromEntries(Object.entries(batch.more!).map(([name, of]) => [name, fill(of, 0)]));
    yield { ...batch, x: fill(batch.x, 0), y: fill(batch.y, -100), more, length: longest };
  }
};

/** The model with what its last norm gives as its output: numbers for each place. */
function tokenLabels({ graph, ...rest }: Model): Model {
  const rows = graph.nodes.flatMap((n) => n.outputs).filter((v) => v?.shape.length === 3 && v.shape[2] === 16);
  const hidden = rows.at(-1)!;
  const named = { ...hidden, name: "hidden" };
  const nodes = graph.nodes.map((n) => ({
    ...n,
    inputs: n.inputs.map((v) => (v === hidden ? named : v)),
    outputs: n.outputs.map((v) => (v === hidden ? named : v)),
  }));
  return { ...rest, graph: { ...graph, nodes, outputs: [named] } };
}

test("a teacher sees as many places as the student", async () => {
  const distill = { teacher: model, share: 1 };
  const run = await trained(model, data, { distill, epochs: 1 });
  expect(run.history[0].loss).toBeCloseTo(0, 6);
  expect(apart(run.model, model)).toBeLessThan(1e-5);
});

test("a model of one length gets texts of that length", async () => {
  const axes = new Map(model.graph.inputs.map((v) => [v.name, [axesOfInput(model, v)[0], data.shape[0]]]));
  const one: Model = { ...model, sizes: { ...model.sizes!, axes } };
  expect(placesOf(model, data)).toBe(data.places);
  const bound = forSamples(model, data);
  expect(placesOf({ ...one, graph: bound.graph }, data)).toBeUndefined();
  const [a, b] = [
    await evaluate({ ...one, graph: bound.graph }, data, { engine }),
    await evaluate(model, data, { engine }),
  ];
  expect(a.loss).toBeCloseTo(b.loss, 5);
});
