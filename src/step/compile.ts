/** The one way from a program to what `Engine.load` takes. */
import type { Graph } from "../graph/types.ts";
import { type FormulationPlan, lower } from "../lower/lower.ts";
import { withOpenSamples } from "../lower/open-samples.ts";
import { MUCH, ordered, peakMemory } from "../lower/order.ts";
import { recomputing } from "../lower/recompute.ts";
import type { Target } from "../lower/target.ts";
import { encode, encodeOpen } from "../onnx/write.ts";
import { ofBatch } from "./names.ts";

/** A program's bytes, and whether memory counts more than time when they run, in the words of an engine. */
export interface Compiled {
  readonly bytes: Uint8Array;
  readonly memory?: "less" | "least";
  /** Bytes that a session of it is expected to take once it has run, beside what it is fed and writes. */
  readonly takes: number;
}

/** What a program is compiled for. */
interface Wishes {
  /** Formulations; what it does not mention is computed in those that suit the target. */
  readonly plan?: FormulationPlan;
  /** Whether cheap values are computed again instead of being kept. Default: when a run takes more than is free. */
  readonly recompute?: boolean;
  /** Bytes that are free. Default: enough. */
  readonly free?: number;
}

/**
 * What a session takes of the peak of its values: without a plan of its memory a block of what it was given first stays unused where the
 * next value is larger; with one, the plan's block comes beside what the first run took piece by piece.
 */
const TAKEN = { fast: 2, less: 1.2, least: 1.1 };
/** What the runtime makes of a graph, by its bytes. */
const GRAPH = 30;

const takenBy = (peak: number, memory: "less" | "least" | undefined, { length }: Uint8Array): number =>
  TAKEN[memory ?? "fast"] * peak + GRAPH * length;

/** What a session that runs this graph is expected to take, before it is compiled. */
export const roughlyTaken = (graph: Graph): number => {
  const peak = peakMemory(graph);
  return TAKEN[peak > MUCH ? "less" : "fast"] * peak;
};

/** A graph in the formulations that are fast, unless these take too much memory. */
export function compiled(graph: Graph, target: Target, wishes: Wishes = {}): Compiled {
  const { plan, free = Number.POSITIVE_INFINITY } = wishes;
  const fast = lower(graph, target, plan);
  const peak = peakMemory(fast);
  const made = (of: Graph, most: number, memory?: "less" | "least"): Compiled => {
    const bytes = encode(of);
    return { bytes, ...(memory && { memory }), takes: takenBy(most, memory, bytes) };
  };
  const spared = peak > MUCH ? ordered(fast) : fast;
  const most = spared === fast ? peak : peakMemory(spared);
  const { recompute = most > free } = wishes;
  if (recompute) {
    const least = recomputing(fast);
    const samples = new Set(graph.inputs.filter((v) => ofBatch(v.name) && v.shape.length > 0));
    const bytes = encodeOpen(withOpenSamples(least, samples), samples);
    return { bytes, memory: "least", takes: takenBy(peakMemory(least, false), "least", bytes) };
  }
  return made(spared, most, peak > MUCH ? "less" : undefined);
}

/** Its bytes alone. */
export const compile = (graph: Graph, target: Target, plan?: FormulationPlan): Uint8Array =>
  compiled(graph, target, { plan }).bytes;
