/** A file's parts with other nodes. */
import type { Tensor } from "../graph/types.ts";
import type { FileStep } from "./file-step.ts";
import type { Parsed } from "./parse.ts";

/**
 * The same parts with these nodes, in order, and without the stored tensors that only the nodes before read.
 * @param stored all tensors that are stored. Default: those that are
 */
export function withSteps(
  parsed: Parsed,
  steps: readonly FileStep[],
  stored: ReadonlyMap<string, Tensor> = parsed.initializers,
): Parsed {
  const read = new Set([...parsed.outputs, ...steps.flatMap((s) => s.inputs)]);
  const initializers = new Map([...stored].filter(([name]) => read.has(name) || !parsed.read.has(name)));
  return { ...parsed, initializers, steps, read };
}
