/**
 * How much an analysis may do. What a file makes it do can be far more than the file's size (a Pad of 2²⁶, a Concat of a value
 * with itself, thirty times over), so it is counted, and what goes beyond is not followed: always the side that removes less.
 */
import { heldBy } from "./nodes.ts";
import type { Graph } from "./types.ts";

/** A number that goes down. */
export class Allowance {
  private left: number;
  private refused = false;

  constructor(left: number) {
    this.left = left;
  }

  /** Takes n; false, and nothing is taken, when less is left. */
  take(n: number): boolean {
    if (!(n <= this.left)) {
      this.refused = true;
      return false;
    }
    this.left -= n;
    return true;
  }

  /** Whether more was wanted once than was left. */
  get short(): boolean {
    return this.refused;
  }
}

/** Number of elements that a graph's stored tensors hold. */
export function storedElements(graph: Graph): number {
  let n = 0;
  for (const t of graph.initializers.values()) n += t.data.length;
  for (const node of graph.nodes) n += heldBy(node)?.data.length ?? 0;
  return n;
}
