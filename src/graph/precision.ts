/** Stored tensors whose numbers training cannot move. */
import { named, say, type Words } from "../message.ts";
import { isFloat, size } from "./tensor.ts";
import type { Graph, Value } from "./types.ts";

/**
 * Initializers of a float type other than float32, of more than one element: weights as a rule, in half or double precision.
 * Training leaves them as they are.
 */
export const untrained = (graph: Graph): Value[] =>
  [...graph.initializers.keys()].filter((v) => isFloat(v.dtype) && v.dtype !== "float32" && size(v.shape) > 1);

const SHOWN = 3;

/** What to tell whoever trains such a graph; undefined when there is nothing to tell. */
export function untrainedNote(graph: Graph): Words | undefined {
  const found = untrained(graph);
  if (found.length === 0) return undefined;
  const shown = found.slice(0, SHOWN).map((v) => `${v.name} (${v.dtype})`);
  const rest = found.length > SHOWN ? ` and ${found.length - SHOWN} more` : "";
  return say`${shown.join(", ")}${rest} will not be trained: only float32 weights are. To train them, read the file with ${named("precision")} float32`;
}
