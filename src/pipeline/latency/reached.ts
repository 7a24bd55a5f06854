/** What came of a wanted time: full and small model timed in turn, exactly as `bench` does. */
import type { Engine } from "../../engine/engine.ts";
import type { Model } from "../../graph/types.ts";
import { write } from "../../onnx/write.ts";
import type { LatencyReached } from "../../report/results.ts";
import { compareLatency } from "../timing.ts";
import type { LatencyTable } from "./table.ts";

const CALLS = { quick: 240, slow: 60 } as const;
const SLOW_MS = 5;

/** Times both. */
export async function reachedLatency(
  engine: Engine,
  full: Model,
  small: Model,
  { batch, ms }: Pick<LatencyTable, "batch" | "ms">,
  wantedShare: number,
): Promise<LatencyReached> {
  const timed = [full, small].map((model) => ({ model, bytes: write(model) }));
  const runs = ms < SLOW_MS ? CALLS.quick : CALLS.slow;
  const found = await compareLatency(engine, timed, batch, { runs, warmup: 3 });
  const [{ value, low, high }] = found.speedups;
  return {
    batch,
    threads: engine.threads,
    wanted: wantedShare * ms,
    full: found.ms[0],
    small: found.ms[1],
    share: { value: 1 / value, low: 1 / high, high: 1 / low },
    wantedShare,
  };
}
