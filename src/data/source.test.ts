import { expect, test } from "vitest";
import { data, engine, model, options } from "../../test/support/small-run.ts";
import { write } from "../onnx/write.ts";
import { evaluate } from "../train/evaluate.ts";
import { memory } from "../train/memory.ts";
import { modelInputs } from "../train/model-inputs.ts";
import { train } from "../train/train.ts";
import { batches } from "./batches.ts";
import { type Dataset, limitTrain, splitValidation } from "./dataset.ts";
import { chosen, samplesAt, sourceSplit } from "./source.ts";
import type { Drawn, SampleSource, Split } from "./split.ts";
import { channelStatistics, splitStatistics } from "./statistics.ts";

const later = <T>(value: T): Promise<T> => new Promise((resolve) => setTimeout(() => resolve(value), 0));

/** The samples of a split, read later. */
function source(split: Split, more: Partial<SampleSource> = {}): SampleSource {
  return {
    dtype: "uint8",
    shape: data.shape,
    identity: "digits",
    read: (rows) => later(chosen(split, rows).x),
    ...more,
  };
}
const read = (split: Split, more?: Partial<SampleSource>): Split => sourceSplit(source(split, more), split);
const stored: Dataset = { ...data, train: read(data.train), test: read(data.test) };
const plan = { shape: data.shape, batchSize: 32, seed: 3, epochs: 2, augment: { crop: 2, flip: true } };

async function all<T>(from: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const one of from) list.push(one);
  return list;
}

test("samples of a source come as those in memory do, also of parts and of a part of a part", async () => {
  expect(await all(batches(stored.train, plan))).toEqual(await all(batches(data.train, plan)));
  const parts = (d: Dataset) => splitValidation(limitTrain(d, 100, 1), 0.3, 2);
  const [a, b] = [parts(stored), parts(data)];
  expect(a.train.source).toBeDefined();
  expect([a.train.count, a.train.rows?.length, a.val?.count]).toEqual([70, 70, 30]);
  const straight = { ...plan, shuffle: false, augment: undefined };
  expect(await all(batches(a.val!, straight))).toEqual(await all(batches(b.val!, straight)));
});

test("a run on a source gives the same bytes, and goes on after a stop; other samples are another run", async () => {
  const store = memory();
  const settings = { epochs: 4, augment: plan.augment };
  const whole = train(model(), data, options(settings));
  await all(whole);
  const first = train(model(), stored, options({ ...settings, store }));
  for await (const { epoch } of first) if (epoch === 2) break;
  const second = train(model(), stored, options({ ...settings, store, resume: true }));
  await all(second);
  expect(write(second.model)).toEqual(write(whole.model));
  const other = { ...stored, train: read(data.train, { identity: "others" }) };
  await expect(all(train(model(), other, options({ ...settings, store, resume: true })))).rejects.toThrow(
    "different settings: data",
  );
});

test("scores, a model's inputs and statistics", async () => {
  expect(await evaluate(model(), stored, { engine })).toEqual(await evaluate(model(), data, { engine }));
  const ask = { engine, count: 5 };
  expect(await modelInputs(model(), stored, ask)).toEqual(await modelInputs(model(), data, ask));
  const some = Uint32Array.from({ length: 256 }, (_, i) => Math.floor((i * 300) / 256));
  const expected = channelStatistics(chosen(data.train, some).x, data.shape);
  expect(await splitStatistics(stored.train, data.shape)).toEqual({ ...expected, of: 256 });
});

test("batches are prepared a few ahead of their use, and not after a stop", async () => {
  const asked: (Drawn | undefined)[] = [];
  const split = read(data.train, {
    read: (rows, drawn) => {
      asked.push(drawn);
      return later(chosen(data.train, rows).x);
    },
  });
  for await (const { step } of batches(split, plan)) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(asked.length).toBeLessThanOrEqual(step + 5);
    if (step > 0) expect(asked.length).toBeGreaterThan(step + 1);
    if (step === 3) break;
  }
  const { length } = asked;
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(asked).toHaveLength(length);
  expect(asked[2]).toEqual({ seed: 3, epoch: 0, position: 64, augment: plan.augment });
});

test("what fails, fails in its turn; what is no sample is refused", async () => {
  const taken: number[] = [];
  const failing = read(data.train, {
    read: (rows) => (rows.includes(7) ? Promise.reject(new Error("no file")) : later(chosen(data.train, rows).x)),
  });
  const run = async () => {
    for await (const { step } of batches(failing, { ...plan, batchSize: 4, shuffle: false })) taken.push(step);
  };
  await expect(run()).rejects.toThrow("no file");
  expect(taken).toEqual([0]);
  const short = read(data.train, { read: (rows) => later(chosen(data.train, rows).x.subarray(1)) });
  await expect(samplesAt(short, undefined, 0, 2)).rejects.toThrow("gave something else than it says");
  const bad = sourceSplit(source(data.train, { dtype: "float32", read: async () => new Float32Array(784).fill(NaN) }), {
    y: new Int32Array(1),
    count: 1,
  });
  await expect(samplesAt(bad, undefined, 0, 1)).rejects.toThrow("not finite");
  const wrong = { ...data, train: { ...stored.train, x: new Uint8Array(4) } };
  expect(() => train(model(), wrong, options())).toThrow("x beside a source");
  const other = { ...data, train: read(data.train, { shape: [1, 14, 14] }) };
  expect(() => train(model(), other, options())).toThrow("the source's shape");
});
