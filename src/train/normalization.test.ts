import { describe, expect, test } from "vitest";
import { data, engine, model, options } from "../../test/support/small-run.ts";
import { fromArrays } from "../data/dataset.ts";
import { fromColumns } from "../data/from-columns.ts";
import { sourceSplit } from "../data/source.ts";
import type { Model } from "../graph/types.ts";
import { read } from "../onnx/read.ts";
import { write } from "../onnx/write.ts";
import { constant } from "../optim/schedule.ts";
import { sgd } from "../optim/sgd.ts";
import { finish } from "../pipeline/finish.ts";
import { savedSummary } from "../pipeline/summary-file.ts";
import { reportHtml } from "../report/html.ts";
import { baselineNote } from "./baseline-note.ts";
import { evaluate } from "./evaluate.ts";
import { initialize } from "./initialize.ts";
import { memory } from "./memory.ts";
import { normalizationNote, normalizationOf } from "./normalization.ts";
import type { TrainOptions } from "./options.ts";
import { train } from "./train.ts";

const dense: Partial<TrainOptions> = {
  optimizer: sgd({ momentum: 0.9 }),
  penalty: undefined,
  schedule: constant({ lr: 0.1 }),
  epochs: 4,
};
const trained = async (given: Model, more: Partial<TrainOptions>) => {
  const run = train(given, data, options({ ...dense, ...more }));
  for await (const _ of run);
  return run;
};
/** A file of somebody else: it records nothing. */
const foreign = (of: Model): Model => read(write({ ...of, metadata: new Map() }));

const unit = { mean: [0], std: [1] };
const bytes = (shape: number[]) => Uint8Array.from({ length: 4 * shape.reduce((a, b) => a * b) }, (_, i) => i % 251);

describe("the normalization of a model from a file", () => {
  const file = foreign(model());

  test("that records none is x / 255, said in one line, whatever data set it is", () => {
    expect(normalizationOf(file, data)).toEqual(unit);
    expect(String(normalizationNote(file, data))).toMatch(/x \/ 255.*normalization/);
    const own = fromArrays(bytes([1, 28, 28]), [0, 1, 2, 3], { shape: [1, 28, 28], classes: 10, test: 0.25 });
    expect(normalizationOf(file, own)).toEqual(unit);
    expect(train(file, data, options(dense)).notes).toContain(normalizationNote(file, data));
  });

  test("is what is asked for, what it records, or what was given with the samples, without a word", () => {
    const asked = { mean: [0.3], std: [0.2] };
    expect(normalizationOf(file, data, asked)).toEqual(asked);
    expect(normalizationOf(file, data, null)).toBeUndefined();
    expect(normalizationNote(file, data, asked)).toBeUndefined();
    expect(train(file, data, options({ ...dense, normalization: asked })).notes.join()).not.toMatch(/255/);
    const records = {
      ...file,
      metadata: new Map([
        ["espalier.mean", "0.25"],
        ["espalier.std", "0.5"],
      ]),
    };
    expect(normalizationOf(records, data)).toEqual({ mean: [0.25], std: [0.5] });
    expect(normalizationNote(records, data)).toBeUndefined();
    const said = { shape: [1, 28, 28], classes: 10, test: 0.25, mean: [0.4], std: [0.3] };
    const given = fromArrays(bytes([1, 28, 28]), [0, 1, 2, 3], said);
    expect(normalizationOf(file, given)).toEqual({ mean: [0.4], std: [0.3] });
    expect(normalizationNote(file, given)).toBeUndefined();
    const read = { dtype: "uint8" as const, shape: [1, 28, 28], identity: "", read: async () => new Uint8Array(784) };
    const images = { ...data, train: sourceSplit(read, { y: new Int32Array(1), count: 1 }), mean: [0.5], std: [0.5] };
    expect(normalizationOf(file, images)).toEqual({ mean: [0.5], std: [0.5] }); // as its preprocessing says
  });

  test("is the data set's own for new weights, and nothing for numbers that are no pixels", () => {
    const own = { mean: data.mean, std: data.std };
    expect(normalizationOf(model(), data)).toEqual(own);
    expect(normalizationOf(initialize(file, 1), data)).toEqual(own);
    expect(normalizationNote(initialize(file, 1), data)).toBeUndefined();
    const floats = fromArrays(Float32Array.from(bytes([1, 28, 28])), [0, 1, 2, 3], {
      shape: [1, 28, 28],
      classes: 10,
      test: 0.25,
    });
    expect(normalizationOf(file, floats)).toBeUndefined();
    expect(normalizationNote(file, floats)).toBeUndefined();
    const flags = fromColumns({ inputs: { x: { data: bytes([3]), shape: [3] } }, labels: { y: [0, 1, 0, 1] } });
    expect(normalizationOf(file, flags)).toBeUndefined();
  });
});

describe("the baseline", async () => {
  const own = { mean: data.mean!, std: data.std! };
  const first = await trained(model(), { epochs: 8 });
  const file = foreign(first.model);

  test("is the score of the given file before the first step: a wrong normalization is seen there", async () => {
    const heard: unknown[] = [];
    const right = train(
      file,
      data,
      options({ ...dense, epochs: 1, normalization: own, onBaseline: (s) => heard.push(s) }),
    );
    expect(right.baseline).toBeUndefined();
    for await (const _ of right);
    expect(right.baseline).toEqual(await evaluate(file, data, { engine, normalization: own }));
    expect(heard).toEqual([right.baseline]);
    expect(right.baseline!.accuracy).toBeGreaterThan(0.6);
    expect(baselineNote(right.baseline!, data)).toBeUndefined();
    const wrong = await trained(file, { epochs: 1, normalization: { mean: [3], std: [0.01] } });
    expect(wrong.baseline!.accuracy).toBeLessThan(right.baseline!.accuracy!);
    expect(String(baselineNote({ loss: 2.3, accuracy: 0.1 }, data))).toMatch(/guessing.*normalization/);
  });

  test("is in the summary and the report, and a resumed run keeps it without scoring again", async () => {
    const store = memory();
    const stop = new AbortController();
    let heard = 0;
    const more = { epochs: 2, normalization: own, store, onBaseline: () => void heard++ };
    const stopped = await trained(file, { ...more, signal: stop.signal, onProgress: () => stop.abort() });
    const resumed = await trained(file, { ...more, resume: true });
    expect(heard).toBe(1);
    expect(resumed.baseline).toEqual(stopped.baseline);
    const { summary, report } = await finish(resumed);
    expect(summary.baseline).toEqual(resumed.baseline);
    expect((await savedSummary(store))!.baseline).toEqual(resumed.baseline);
    expect(await reportHtml(report)).toContain("before training");
    const whole = await trained(file, { epochs: 2, normalization: own, baseline: false });
    expect(write(resumed.model)).toEqual(write(whole.model));
  });

  test("is not taken of new weights, nor where it is switched off", async () => {
    expect((await trained(model(), { epochs: 1 })).baseline).toBeUndefined();
    expect((await trained(initialize(file, 1), { epochs: 1 })).baseline).toBeUndefined();
    expect((await trained(file, { epochs: 1, normalization: own, baseline: false })).baseline).toBeUndefined();
    expect((await trained(model(), { epochs: 1, baseline: true })).baseline!.accuracy).toBeLessThan(0.5);
    expect(() => train(file, data, options({ baseline: "no" as never }))).toThrow(/true or false/);
  });
});
