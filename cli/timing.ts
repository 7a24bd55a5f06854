/** Latency of models with made-up inputs: what they compute does not matter, only how long it takes. */
import { type Engine, type EngineTensor, type LatencyOptions, latency, type Model } from "espalier";

/** A model and the bytes of its file. */
export interface Timed {
  readonly model: Model;
  readonly bytes: Uint8Array;
}

const arrays: Readonly<Record<string, new (length: number) => EngineTensor["data"]>> = {
  float64: Float64Array,
  int8: Int8Array,
  uint8: Uint8Array,
  int32: Int32Array,
  int64: BigInt64Array,
  bool: Uint8Array,
};

/** One tensor per input; floats in 0 … 1, everything else zero. */
function feeds({ graph, dims }: Model, batch: number): Record<string, EngineTensor> {
  return Object.fromEntries(
    graph.inputs.map(({ name, dtype, shape }) => {
      const sized = typeof dims.get(name)?.[0] === "string" ? [batch, ...shape.slice(1)] : shape;
      const length = sized.reduce((a, b) => a * b, 1);
      const data =
        dtype === "float32"
          ? Float32Array.from({ length }, (_, i) => (i % 97) / 97)
          : new (arrays[dtype] ?? Uint16Array)(length);
      return [name, { dtype, shape: sized, data }];
    }),
  );
}

/** The batch sizes among the wanted ones that every model takes; its own for a model with a fixed one. */
export function batchSizes(models: readonly Model[], wanted: readonly number[]): number[] {
  const fixed = models.flatMap(({ graph, dims }) =>
    graph.inputs.flatMap(({ name, shape }) => (typeof dims.get(name)?.[0] === "string" ? [] : [shape[0] ?? 1])),
  );
  return fixed.length ? [fixed[0]] : [...wanted];
}

/** Median milliseconds of each model, run in turn; without `runs`, for about a second. */
export async function time(
  engine: Engine,
  timed: readonly Timed[],
  batch: number,
  options: LatencyOptions = {},
): Promise<number[]> {
  const models = timed.map(({ model, bytes }) => ({ bytes, feeds: feeds(model, batch) }));
  if (options.runs !== undefined) return latency(engine, models, options);
  const rough = await latency(engine, models, { runs: 3, warmup: 1 });
  const round = rough.reduce((a, b) => a + b, 0);
  return latency(engine, models, { ...options, runs: Math.round(Math.min(300, Math.max(10, 1000 / round))) });
}
