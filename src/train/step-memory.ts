/** What memory steps are expected to take. */
import { bytesPerElement, size } from "../graph/tensor.ts";
import type { Value } from "../graph/types.ts";
import type { MemoryEstimate } from "../report/results.ts";
import type { StepperParts } from "./stepper-parts.ts";

/** How batches come. */
export interface ExpectedBatches {
  /** Samples of each of an epoch's, the largest first. */
  readonly sizes: readonly number[];
  /** Of the largest split that is scored; 0 = none is. */
  readonly scored: number;
  /** Of samples that differ in length, the longest. */
  readonly length?: number;
}

const bytesOf = (values: readonly Value[]): number =>
  values.reduce((sum, v) => sum + size(v.shape) * bytesPerElement(v.dtype), 0);

/** What the first steps add to a process whatever they compute: code that is loaded as it is called, the heap of JavaScript. */
const BEGINNING = 2 ** 25;

/** @param parts into how many samples a step is cut; more than one has a program for the gradients, and one for the update */
export async function estimateOf(
  { engine, plan, sessions, state }: StepperParts,
  cut: { readonly parts: readonly number[]; readonly apart: boolean },
  { sizes: [count, ...smaller], scored, length }: ExpectedBatches,
): Promise<MemoryEstimate> {
  const trained = bytesOf(state.trained);
  const held = trained * (1 + plan.optimizer.slots.length) + bytesOf(state.statistics);
  const own = 2 * held + (cut.apart ? 2 * trained : 0);
  const asked = scored > 0 ? sessions.rough("evaluation", scored, plan.inputs, length) : 0;
  const reserved = own + asked;
  const step = cut.apart
    ? await sessions.plan(reserved, "gradients", Math.max(...cut.parts), length)
    : await sessions.plan(reserved, "step", count, undefined, length);
  const others = cut.apart ? [] : smaller; // parts are of the same sizes
  const takes = Math.round(others.reduce((sum, other) => sum + (step.takes * other) / count, step.takes));
  const has = (engine.used?.() ?? 0) + BEGINNING;
  const available = engine.available?.() ?? Number.POSITIVE_INFINITY;
  return {
    peak: has + own + takes + asked,
    process: has,
    state: own,
    step: takes,
    evaluation: asked,
    free: Number.isFinite(available) ? available : null,
    recompute: step.memory === "least",
  };
}
