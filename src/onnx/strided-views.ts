/**
 * A view that an exporter spells by positions (torch's `as_strided`, behind a mean that keeps its axes): all elements of a value that was
 * laid flat, taken by 0, 1, 2 … in the shape of the view. That is a Reshape, and as one it says which axis goes where.
 */
import type { Context, Step } from "./canonical.ts";

/** @returns the Reshape, or the step as it is where it selects, or reads a value of several axes: a table of rows stays one */
export function viewOfFlat(step: Step, { written, counts }: Context): Step {
  const [x, at] = step.inputs;
  const [from, to] = [written(x), written(at)];
  if (from.length !== 1 || to.length < 2 || !counts(at, from[0])) return step;
  return { ...step, op: "Reshape", inputs: [x], attrs: { shape: [-1, ...to.slice(1)], allowzero: 0 } };
}

/** Whether numbers are 0, 1, 2 … */
export function isCounting(values: ArrayLike<number | bigint>): boolean {
  for (let i = 0; i < values.length; i++) if (Number(values[i]) !== i) return false;
  return true;
}
