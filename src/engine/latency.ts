/**
 * Latency of models on this machine: in rounds that take the models in turn, so that a machine whose speed drifts treats them
 * alike, and with one session alive at a time. Where the threads of another session go on spinning after its call, as a runtime's do
 * unless it is told otherwise, two equal models come out up to twice as slow as each other, and both slower than alone.
 */
import { aList, anEngine, anObject, wants } from "../given.ts";
import { median } from "../math/statistics.ts";
import { disposeAll, type Engine, type EngineTensor, withUploaded } from "./engine.ts";

/** Options of `latency`. */
export interface LatencyOptions {
  /** Timed calls per model. Default 30. */
  readonly runs?: number;
  /** Untimed calls in each round first. Default 5. */
  readonly warmup?: number;
}

const ROUNDS = 4;

/** The bytes of a model with the tensors to feed it. */
export interface FedModel {
  readonly bytes: Uint8Array;
  readonly feeds: Readonly<Record<string, EngineTensor>>;
}

/**
 * Median milliseconds per call, one number per model.
 * @param models the bytes of each model with the tensors to feed it
 */
export async function latency(
  engine: Engine,
  models: readonly FedModel[],
  options: LatencyOptions = {},
): Promise<number[]> {
  wants("latency", ["engine", anEngine, engine], ["models", aList, models], ["options", anObject, options]);
  const { runs = 30, warmup = 5 } = options;
  const rounds = await latencyRounds(engine, models, { runs, warmup, rounds: ROUNDS });
  return models.map((_, m) => median(rounds.flatMap((round) => round[m])));
}

/** Milliseconds of every timed call: by round, then by model. @param rounds at most as many as runs */
export async function latencyRounds(
  engine: Engine,
  models: readonly FedModel[],
  { runs, warmup, rounds: most }: Required<LatencyOptions> & { readonly rounds: number },
): Promise<number[][][]> {
  const found: number[][][] = [];
  const rounds = Math.min(most, runs);
  for (let round = 0; round < rounds; round++) {
    const timed = Math.floor(((round + 1) * runs) / rounds) - Math.floor((round * runs) / rounds);
    const times = models.map((): number[] => []);
    const order = models.map((_, i) => (round % 2 ? models.length - 1 - i : i));
    for (const m of order) times[m] = await once(engine, models[m], warmup, timed);
    found.push(times);
  }
  return found;
}

/** Milliseconds of each timed call in a session of its own. */
async function once(engine: Engine, { bytes, feeds }: FedModel, warmup: number, timed: number): Promise<number[]> {
  const session = await engine.load(bytes);
  try {
    return await withUploaded(engine, feeds, async (uploaded) => {
      const times: number[] = [];
      for (let i = -warmup; i < timed; i++) {
        const start = performance.now();
        const out = await session.run(uploaded);
        if (i >= 0) times.push(performance.now() - start);
        disposeAll(engine, out);
      }
      return times;
    });
  } finally {
    await session.release();
  }
}
