/** What calibration samples show of a model: means of what its weights read, and how its loss depends on them. In evaluation mode. */
import { backward } from "../../autodiff/backward.ts";
import { type Batch, batches } from "../../data/batches.ts";
import type { Dataset } from "../../data/dataset.ts";
import { type DeviceTensors, disposeAll, take, withUploaded } from "../../engine/engine.ts";
import { atBatch } from "../../graph/bind.ts";
import type { Builder } from "../../graph/builder.ts";
import type { Graph, Model, Value } from "../../graph/types.ts";
import { emitLoss, type Scored } from "../../step/differentiate.ts";
import { paramInputs, program } from "../../step/frame.ts";
import { labelPlans } from "../../step/loss.ts";
import { names } from "../../step/names.ts";
import { parameters } from "../../step/parameters.ts";
import type { LossPlan } from "../../step/plan.ts";
import type { ScoringOptions } from "../../train/evaluator.ts";
import { batchFeeds } from "../../train/feeds.ts";
import { checkDynamicBatch, checkInputs, forSamples, inputPlans } from "../../train/inputs.ts";
import { normalizationOf } from "../../train/normalization.ts";
import { checkOperators } from "../../train/operators.ts";
import { checkSamplesApart } from "../../train/samples-apart.ts";
import { Sessions } from "../../train/sessions.ts";
import { lossTerms } from "../../train/terms.ts";

/** Which samples, and how a model is fed them. */
export interface Calibration extends ScoringOptions {
  readonly data: Dataset;
  /** How many training samples, drawn by the seed. */
  readonly samples: number;
  readonly seed: number;
  readonly signal?: AbortSignal;
}

/** Samples of a batch: enough for one step to be worth its call, few enough for several of them. */
const BATCH = 32;

/** An axis of a value of the model's graph. */
export interface ReadPlace {
  readonly value: Value;
  readonly axis: number;
}

/** What is read at a place, index by index, over samples and the other axes. */
export interface Moments {
  readonly mean: Float64Array;
  readonly meanAbs: Float64Array;
}

/** The outputs of a program, batch by batch. @param emit declares them; `find` knows the model's values there */
async function runBatches(
  given: Model,
  calibration: Calibration,
  emit: (g: Builder, scored: Scored, weights: ReadonlyMap<Value, Value>, find: (v: Value) => Value) => void,
  each: (out: Readonly<Record<string, Float32Array>>, batch: Batch) => void,
): Promise<void> {
  const { data, engine, loss, output, samples, seed, signal } = calibration;
  const model = forSamples(given, data);
  checkInputs(model, data);
  checkDynamicBatch(model);
  checkOperators(model.graph, "gradient");
  await checkSamplesApart(model, engine);
  const normalization = normalizationOf(model, data, calibration.normalization);
  const plan: LossPlan = {
    inputs: inputPlans(model, data, normalization),
    terms: lossTerms(model, data, loss, output),
  };
  const labels = labelPlans(model.graph, plan.terms);
  const sessions = new Sessions(engine, {
    calibration: (n: number) => calibrationProgram(atBatch(model, n), plan, emit),
  });
  const { trained, running } = parameters(model.graph);
  const feeds: DeviceTensors = Object.fromEntries(
    [...trained, ...running].map((v) => [names.param(v.name), engine.upload(model.graph.initializers.get(v)!)]),
  );
  try {
    let left = samples;
    const drawn = (data.batches ?? batches)(data.train, {
      shape: data.shape,
      batchSize: Math.min(BATCH, samples),
      seed,
    });
    for await (const batch of drawn) {
      signal?.throwIfAborted();
      const { session } = await sessions.get("calibration", batch.count);
      const out = await withUploaded(engine, batchFeeds(batch, plan.inputs, labels), (up) =>
        session.run({ ...feeds, ...up }),
      );
      const host: Record<string, Float32Array> = {};
      for (const [name, t] of Object.entries(out)) host[name] = (await take(engine, t)).data as Float32Array;
      each(host, batch);
      left -= batch.count;
      if (left <= 0) break;
    }
  } finally {
    await sessions.release();
    disposeAll(engine, feeds);
  }
}

const calibrationProgram = (graph: Graph, plan: LossPlan, emit: Parameters<typeof runBatches>[2]) =>
  program("calibration", (g) => {
    const { trained, running } = parameters(graph);
    const given = paramInputs(g, [...trained, ...running]);
    const scored = emitLoss(g, graph, plan, given, "evaluation");
    const byName = new Map([...scored.map].map(([v, at]) => [v.name, at])); // at this batch size values are others, of the same names
    emit(g, scored, new Map(trained.map((p) => [p, given.get(p)!])), (v) => byName.get(v.name)!);
  });

/** Mean and mean absolute value of what is read at some places. @returns in their order */
export async function momentsAt(
  model: Model,
  places: readonly ReadPlace[],
  calibration: Calibration,
): Promise<Moments[]> {
  const sums = places.map(({ value, axis }) => ({
    mean: new Float64Array(value.shape[axis]),
    meanAbs: new Float64Array(value.shape[axis]),
  }));
  let samples = 0;
  await runBatches(
    model,
    calibration,
    (g, _, __, find) =>
      places.forEach(({ value, axis }, i) => {
        const x = find(value);
        const axes = x.shape.flatMap((_, a) => (a === axis ? [] : [a]));
        g.output(g.ReduceMean(x, { axes, keepdims: 0 }), `mean/${i}`);
        g.output(g.ReduceMean(g.Abs(x), { axes, keepdims: 0 }), `meanAbs/${i}`);
      }),
    (out, { count }) => {
      samples += count;
      sums.forEach(({ mean, meanAbs }, i) => {
        for (let c = 0; c < mean.length; c++) mean[c] += count * out[`mean/${i}`][c];
        for (let c = 0; c < mean.length; c++) meanAbs[c] += count * out[`meanAbs/${i}`][c];
      });
    },
  );
  for (const { mean, meanAbs } of sums)
    for (let c = 0; c < mean.length; c++) {
      mean[c] /= samples;
      meanAbs[c] /= samples;
    }
  return sums;
}

/** The gradient of each batch's mean loss at some stored tensors. @param each gets them by name */
export const gradientsOf = (
  model: Model,
  params: readonly Value[],
  calibration: Calibration,
  each: (gradients: ReadonlyMap<string, Float32Array>) => void,
): Promise<void> =>
  runBatches(
    model,
    calibration,
    (g, { loss, overrides }, weights) => {
      const wanted = new Set(params.map((p) => p.name));
      const at = [...weights].filter(([p]) => wanted.has(p.name));
      const gradients = backward(
        g,
        loss,
        at.map(([, w]) => w),
        overrides,
      );
      for (const [p, w] of at) g.output(gradients.get(w)!, names.gradient(p.name));
    },
    (out) => each(new Map(params.map((p) => [p.name, out[names.gradient(p.name)]]))),
  );
