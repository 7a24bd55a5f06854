/** Latency of models on this machine: interleaved rounds, so that a machine whose speed drifts treats them alike. */
import type { Engine, EngineTensor } from "./engine.ts";

/** Options of `latency`. */
export interface LatencyOptions {
  /** Timed calls per model. Default 30. */
  readonly runs?: number;
  /** Untimed calls per model first. Default 5. */
  readonly warmup?: number;
}

/**
 * Median milliseconds per call, one number per model.
 * @param models the bytes of each model with the tensors to feed it
 */
export async function latency(
  engine: Engine,
  models: readonly { readonly bytes: Uint8Array; readonly feeds: Readonly<Record<string, EngineTensor>> }[],
  { runs = 30, warmup = 5 }: LatencyOptions = {},
): Promise<number[]> {
  const loaded = [];
  for (const { bytes, feeds } of models) {
    const uploaded = Object.fromEntries(Object.entries(feeds).map(([k, t]) => [k, engine.upload(t)]));
    loaded.push({ session: await engine.load(bytes), uploaded, times: [] as number[] });
  }
  try {
    for (let i = -warmup; i < runs; i++)
      for (const { session, uploaded, times } of loaded) {
        const start = performance.now();
        await session.run(uploaded);
        if (i >= 0) times.push(performance.now() - start);
      }
    return loaded.map(({ times }) => median(times));
  } finally {
    for (const { session } of loaded) await session.release();
  }
}

function median(xs: readonly number[]): number {
  const sorted = [...xs].sort((a, b) => a - b);
  const mid = sorted.length >> 1;
  return sorted.length % 2 ? sorted[mid] : (sorted[mid - 1] + sorted[mid]) / 2;
}
