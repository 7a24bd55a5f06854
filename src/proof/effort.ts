/**
 * What a proof may take. Rules spend before they make or go through anything that may be larger than what a file stores;
 * beyond what is allowed a walk goes on with what is always right: that nothing is known, and all of it needed.
 */
import { Allowance, storedElements } from "../graph/allowance.ts";
import type { Graph } from "../graph/types.ts";

/** Steps of a walk over a graph: some that every graph may take, and so many for each stored element (it may be used often). */
const STEPS = 2 ** 23;
const STEPS_PER_ELEMENT = 128;

/** What one walk over a graph may take. */
export const walkAllowance = (graph: Graph): Allowance =>
  new Allowance(STEPS + STEPS_PER_ELEMENT * storedElements(graph));

/** Ends a rule that would take more than is left. */
class Spent extends Error {}

/** What the work at hand spends; rules are synchronous, so there is one at a time. */
let current: Allowance | undefined;

/** Takes n steps of what is allowed; work that nothing bounds may take any number. */
export function spend(n: number): void {
  if (current && !current.take(n)) throw new Spent("more than is allowed");
}

/** What some work makes; what stands in its place where it would take more than is allowed. */
export function within<T>(allowance: Allowance, work: () => T, beyond: () => T): T {
  const outer = current;
  current = allowance;
  try {
    return work();
  } catch (e) {
    if (!(e instanceof Spent)) throw e;
    return beyond();
  } finally {
    current = outer;
  }
}
