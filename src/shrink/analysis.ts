/** What is known of a graph before anything is planned: its channels, its weights, what is constant and what is zero. */
import type { Graph, Value } from "../graph/types.ts";
import { withoutUnread } from "../graph/walk.ts";
import { type Channels, channelsOf } from "../groups/channels.ts";
import { type WeightUse, weightUses } from "../groups/weights.ts";
import { type Constants, constantsOf } from "./constants.ts";
import { ZeroSlices } from "./zero-slices.ts";

export interface Analysis {
  /** Pruned. */
  readonly graph: Graph;
  readonly channels: Channels;
  readonly uses: readonly WeightUse[];
  readonly constants: Constants;
  readonly zeros: ZeroSlices;
}

export function analyze(whole: Graph): Analysis {
  const graph = withoutUnread(whole);
  const channels = channelsOf(graph);
  const uses = weightUses(graph, channels.stored);
  const zeros = new ZeroSlices();
  return { graph, channels, uses, constants: constantsOf(graph, channels, uses, zeros), zeros };
}

/** Every value of a graph, stored ones included. */
export function values({ graph, channels }: Analysis): Value[] {
  return [...new Set([...graph.inputs, ...channels.stored.keys(), ...graph.nodes.flatMap((n) => n.outputs)])].filter(
    (v) => v !== null,
  );
}

/**
 * The values that lose every index of an axis: they vanish.
 * @param remove the classes to remove
 */
export function emptied(analysis: Analysis, remove: { has(channel: number): boolean }): Map<Value, number> {
  const empty = new Map<Value, number>();
  const gone = new Map<Int32Array, boolean>();
  for (const v of values(analysis))
    v.shape.forEach((_, axis) => {
      const classes = analysis.channels.of(v, axis);
      if (!classes?.length) return;
      if (!gone.has(classes))
        gone.set(
          classes,
          classes.every((c) => remove.has(c)),
        );
      if (gone.get(classes)) empty.set(v, axis);
    });
  return empty;
}
