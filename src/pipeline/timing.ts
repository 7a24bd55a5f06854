/** Latency of models with made-up inputs: what they compute does not matter, only how long it takes. */

import type { Engine } from "../engine/engine.ts";
import { type LatencyOptions, latency } from "../engine/latency.ts";
import { UsageError } from "../error.ts";
import { aList, aModel, anEngine, anObject, wants } from "../given.ts";
import { atBatch, axesOfInput, batchSymbol, declaredBatch } from "../graph/bind.ts";
import { size, tensor, zeros } from "../graph/tensor.ts";
import type { Model, Tensor } from "../graph/types.ts";
import { encode } from "../onnx/write.ts";

/** A model and the bytes of its file. */
export interface TimedModel {
  readonly model: Model;
  readonly bytes: Uint8Array;
}

/** What one made-up input may hold. */
const MOST_ELEMENTS = 2 ** 29;

/** One tensor per input; float32 in 0 … 1, everything else zero. */
function feeds(model: Model, batch: number): Record<string, Tensor> {
  const symbol = batchSymbol(model);
  return Object.fromEntries(
    model.graph.inputs.map((v) => {
      const shape = axesOfInput(model, v).map((d, i) => (d === symbol ? batch : v.shape[i]));
      if (size(shape) > MOST_ELEMENTS)
        throw new UsageError(
          "out-of-range",
          "a batch is too large to time",
          { input: v.name, got: `[${shape}]`, wanted: `at most ${MOST_ELEMENTS} elements` },
          "time a smaller batch",
        );
      const ramp = () => Float32Array.from({ length: size(shape) }, (_, i) => (i % 97) / 97);
      return [v.name, v.dtype === "float32" ? tensor(v.dtype, shape, ramp()) : zeros(v.dtype, shape)];
    }),
  );
}

/** A round of all models that is longer than this is told from three: a large model's batch of 128 takes many seconds. */
const LONG_MS = 3000;

/** The batch sizes among the wanted ones that every model takes; its own for a model with a fixed one. */
export function timedBatches(models: readonly Model[], wanted: readonly number[]): number[] {
  wants("timedBatches", ["models", aList, models], ["wanted", aList, wanted]);
  for (const model of models) wants("timedBatches", ["models", aModel, model]);
  const fixed = models.flatMap((model) =>
    batchSymbol(model) === undefined ? model.graph.inputs.map(({ shape }) => shape[0] ?? 1) : [],
  );
  return fixed.length ? [fixed[0]] : [...wanted];
}

/** The file, or for a file of one sample what it is for several. */
const bytesAt = ({ model, bytes }: TimedModel, batch: number): Uint8Array =>
  batch > 1 && batchSymbol(model) !== undefined && declaredBatch(model) === undefined
    ? encode(atBatch(model, batch))
    : bytes;

/**
 * Median milliseconds of each model at a batch size, on made-up inputs, run in turn.
 * @param options as of `latency`; default: as many runs as take about a second, 10 to 300; three where one takes long
 */
export async function timeModels(
  engine: Engine,
  timed: readonly TimedModel[],
  batch: number,
  options: LatencyOptions = {},
): Promise<number[]> {
  wants("timeModels", ["engine", anEngine, engine], ["timed", aList, timed], ["options", anObject, options]);
  for (const one of timed) wants("timeModels", ["timed", anObject, one], ["timed.model", aModel, one, "model"]);
  const models = timed.map((one) => ({ bytes: bytesAt(one, batch), feeds: feeds(one.model, batch) }));
  if (options.runs !== undefined) return latency(engine, models, options);
  const round = async (runs: number, warmup: number) =>
    (await latency(engine, models, { runs, warmup })).reduce((a, b) => a + b, 0);
  if ((await round(1, 1)) > LONG_MS) return latency(engine, models, { warmup: 0, ...options, runs: 3 });
  const rough = await round(3, 0);
  return latency(engine, models, { ...options, runs: Math.round(Math.min(300, Math.max(10, 1000 / rough))) });
}
