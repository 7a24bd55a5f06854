/**
 * Times cuts of a model beside the model itself: in rounds that take all of them in turn, so that what is told of a cut is its share of
 * the whole model's time in the same round, which a machine whose speed drifts leaves as it is.
 */
import type { Engine } from "../../engine/engine.ts";
import { type FedModel, latencyRounds } from "../../engine/latency.ts";
import type { Model } from "../../graph/types.ts";
import { median } from "../../math/statistics.ts";
import { write } from "../../onnx/write.ts";
import { fedAt } from "../timing.ts";

/** What cuts take. */
interface MeteredCuts {
  /** Milliseconds of the whole model. */
  readonly ms: number;
  /** Of each cut: its time over the whole model's. */
  readonly shares: readonly number[];
}

/** How long a meter looks. */
export interface Patience {
  readonly rounds: number;
  /** Milliseconds of calls of each model in a round. */
  readonly ms: number;
}

/** What times models: a runtime, or what a test says in its place. */
export interface LatencyMeter {
  /** What it holds for: "onnxruntime-node 1.30.0, cpu, 2 threads, batch 1". */
  readonly name: string;
  readonly batch: number;
  measure(whole: Model, cuts: readonly Model[], patience: Patience): Promise<MeteredCuts>;
}

/** For one of many entries of a table. */
export const GLANCE: Patience = { rounds: 5, ms: 30 };
/** For what a result hangs on. */
export const LOOK: Patience = { rounds: 9, ms: 50 };
/** For what lies near the time that is wanted. */
export const CLOSE_LOOK: Patience = { rounds: 21, ms: 40 };

const MOST_CALLS = 200;
/** Calls that are not counted: memory arenas, kernels' first choice. */
const WARMUP = 2;

/**
 * A meter on an engine.
 * @param batch samples of a call
 */
export const engineMeter = (engine: Engine, batch: number): LatencyMeter => ({
  name: `${engine.name} ${engine.version}, ${engine.device}, ${engine.threads} ${engine.threads === 1 ? "thread" : "threads"}, batch ${batch}`,
  batch,
  async measure(whole, cuts, { rounds, ms }) {
    const models: FedModel[] = [whole, ...cuts].map((model) => fedAt({ model, bytes: write(model) }, batch));
    const [first] = await latencyRounds(engine, models.slice(0, 1), { runs: 2, warmup: 1, rounds: 1 });
    const calls = Math.round(Math.min(MOST_CALLS, Math.max(3, ms / median(first[0]))));
    const found = await latencyRounds(engine, models, { runs: calls * rounds, warmup: WARMUP, rounds });
    const times = found.map((round) => round.map(lowerQuartile));
    return {
      ms: median(times.map((round) => round[0])),
      shares: cuts.map((_, i) => median(times.map((round) => round[i + 1] / round[0]))),
    };
  },
});

/** What calls take that nothing interrupts. */
const lowerQuartile = (times: readonly number[]): number =>
  [...times].sort((a, b) => a - b)[Math.floor(times.length / 4)];
