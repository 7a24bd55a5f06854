/** The one way from a program to what `Engine.load` takes. */
import type { Graph } from "../graph/types.ts";
import { type FormulationPlan, lower } from "../lower/lower.ts";
import { ordered, peakMemory } from "../lower/order.ts";
import { recomputing } from "../lower/recompute.ts";
import type { Target } from "../lower/target.ts";
import { encode } from "../onnx/write.ts";

/** Bytes of a run from which memory counts more than a few per cent of its time. */
const MUCH = 2 ** 28;

/** A program's bytes, and whether memory counts more than time when they run, in the words of an engine. */
interface Compiled {
  readonly bytes: Uint8Array;
  readonly memory?: "less" | "least";
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

/** A graph in the formulations that are fast, unless these take too much memory. */
export function compiled(graph: Graph, target: Target, wishes: Wishes = {}): Compiled {
  const { plan, free = Number.POSITIVE_INFINITY } = wishes;
  const fast = lower(graph, target, plan);
  const peak = peakMemory(fast);
  const { recompute = peak > free } = wishes;
  if (recompute) return { bytes: encode(recomputing(fast)), memory: "least" };
  return peak > MUCH ? { bytes: encode(ordered(fast)), memory: "less" } : { bytes: encode(fast) };
}

/** Its bytes alone. */
export const compile = (graph: Graph, target: Target, plan?: FormulationPlan): Uint8Array =>
  compiled(graph, target, { plan }).bytes;
