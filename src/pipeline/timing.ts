/** Latency of models with made-up inputs: what they compute does not matter, only how long it takes. */

import type { Engine } from "../engine/engine.ts";
import { type FedModel, type LatencyOptions, latency, latencyRounds } from "../engine/latency.ts";
import { UsageError } from "../error.ts";
import { aList, aModel, anEngine, anObject, wants } from "../given.ts";
import { atBatch, axesOfInput, batchSymbol, declaredBatch } from "../graph/bind.ts";
import { size, tensor, zeros } from "../graph/tensor.ts";
import type { Model, Tensor } from "../graph/types.ts";
import { bootstrap, type Interval } from "../math/bootstrap.ts";
import { median } from "../math/statistics.ts";
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
  const models = fed("timeModels", timed, batch);
  if (options.runs !== undefined) return latency(engine, models, options);
  const round = async (runs: number, warmup: number) =>
    (await latency(engine, models, { runs, warmup })).reduce((a, b) => a + b, 0);
  if ((await round(1, 1)) > LONG_MS) return latency(engine, models, { warmup: 0, ...options, runs: 3 });
  const rough = await round(3, 0);
  return latency(engine, models, { ...options, runs: Math.round(Math.min(300, Math.max(10, 1000 / rough))) });
}

/** A model with what it is timed on. */
export const fedAt = (one: TimedModel, batch: number): FedModel => ({
  bytes: bytesAt(one, batch),
  feeds: feeds(one.model, batch),
});

function fed(what: string, timed: readonly TimedModel[], batch: number): FedModel[] {
  for (const one of timed) wants(what, ["timed", anObject, one], ["timed.model", aModel, one, "model"]);
  return timed.map((one) => fedAt(one, batch));
}

/** How long models take, and how many times the first takes the others' time. */
export interface LatencyComparison {
  /** Milliseconds of a call of each model: the median of its rounds' medians. */
  readonly ms: readonly Interval[];
  /** For each model but the first: the first one's time over its own, the median over rounds. Above 1 it is faster. */
  readonly speedups: readonly (Interval & {
    /** Whether it is faster or slower: "unclear" where the interval holds 1, or there were too few rounds for one. */
    readonly verdict: "faster" | "slower" | "unclear";
  })[];
  /** How many rounds there were. */
  readonly rounds: number;
}

/** What takes its turn so often is told apart from a machine's moods. */
const COMPARED_ROUNDS = 12;
/** Of fewer rounds no interval says anything. */
const FEWEST_ROUNDS = 6;

/**
 * Times models in turn, round by round, on made-up inputs; every number has its 95 % interval, by resampling the rounds. Two models are
 * compared within each round, which a machine whose speed drifts treats alike.
 * ```ts
 * const { ms, speedups } = await compareLatency(engine, [full, small].map((model) => ({ model, bytes: write(model) })), 1);
 * ```
 * @param options as of `latency`: runs of each model, by default 60, in at most 12 rounds
 * @throws UsageError for a batch that is too large to time
 */
export async function compareLatency(
  engine: Engine,
  timed: readonly TimedModel[],
  batch: number,
  options: LatencyOptions = {},
): Promise<LatencyComparison> {
  wants("compareLatency", ["engine", anEngine, engine], ["timed", aList, timed], ["options", anObject, options]);
  const { runs = 60, warmup = 5 } = options;
  const models = fed("compareLatency", timed, batch);
  const found = await latencyRounds(engine, models, { runs, warmup, rounds: COMPARED_ROUNDS });
  const rounds = found.map((round) => round.map(median));
  return {
    ms: timed.map((_, m) =>
      bootstrap(
        rounds.map((round) => round[m]),
        median,
      ),
    ),
    speedups: timed.slice(1).map((_, m) => {
      const speedup = bootstrap(
        rounds.map((round) => round[0] / round[m + 1]),
        median,
      );
      const told = rounds.length >= FEWEST_ROUNDS;
      const verdict = told && speedup.low > 1 ? "faster" : told && speedup.high < 1 ? "slower" : "unclear";
      return { ...speedup, verdict };
    }),
    rounds: rounds.length,
  };
}
