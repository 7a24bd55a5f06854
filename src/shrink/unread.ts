/** Channels that nothing reads: every weight that reads one is exactly zero there, and nothing else looks at it. */
import type { Graph } from "../graph/types.ts";
import { withoutUnread } from "../graph/walk.ts";
import { channelsOf } from "../groups/channels.ts";
import { rootView, weightUses } from "../groups/weights.ts";
import type { Analysis } from "./analysis.ts";
import type { Constants } from "./constants.ts";
import { plan } from "./plan.ts";
import { keepOneOfEach } from "./vanishing.ts";
import { ZeroSlices } from "./zero-slices.ts";

/** A channel that carries a constant is read like any other: while a model is trained, its bias may still learn. */
const NONE: Constants = { of: () => undefined };

/** A graph's channels and weights; of a graph that only has other weights, the numbers of the channels are the same. */
export function structureOf(whole: Graph): Analysis {
  const graph = withoutUnread(whole);
  const channels = channelsOf(graph);
  const uses = weightUses(graph, channels.stored);
  return { graph, channels, uses, constants: NONE, zeros: new ZeroSlices() };
}

/**
 * The channels that can go although everything that stays is trained further. What a weight reads whose slices have no place of
 * their own in the stored tensor stays.
 */
export function unreadChannels(structure: Analysis): ReadonlySet<number> {
  const { channels, uses } = structure;
  const removed = plan(structure);
  const found = new Set(removed.channels());
  for (const { node, data, stored, view, reads, carried } of uses) {
    if (carried || rootView(stored, view, reads)) continue;
    for (const c of channels.of(node.inputs[data.at]!, data.axis) ?? [])
      for (const part of channels.parts(c)) found.delete(part);
  }
  return found;
}

/**
 * Channels that left and such of the unread ones as can leave too: so that no tensor is left empty that something needs, one of it stays.
 * @param left before, never all of what something needs
 */
export function leavingSome(
  structure: Analysis,
  left: ReadonlySet<number>,
  unread: ReadonlySet<number>,
): ReadonlySet<number> {
  const { parts } = structure.channels;
  const gone = new Set([...left, ...unread]);
  const fresh = (c: number) => !parts(c).some((part) => left.has(part));
  keepOneOfEach(
    structure,
    { has: (c) => parts(c).some((part) => gone.has(part)) },
    (c) => {
      for (const part of parts(c)) gone.delete(part);
    },
    (channels) => channels.find(fresh) ?? channels[0],
  );
  return gone;
}
