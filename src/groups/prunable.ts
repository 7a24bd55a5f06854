/**
 * Channels of the whole network that can be made to go, each with every weight that reads it and every weight that makes it. A coupled
 * group has one of both sides, so that groups do not overlap; who ranks channels and removes them at once wants both, and channels
 * that have a group on the producers' side alone (a transformer's width) as well.
 */
import type { Graph } from "../graph/types.ts";
import type { Channels } from "./channels.ts";
import { connected, firstMakers, groupedSlices, memberOf } from "./coupled.ts";
import type { Member, Side } from "./group-set.ts";
import type { HeadUnit } from "./heads.ts";

/** Channels of tied axes. */
export interface PrunableSet {
  /** The first weight that makes them. */
  readonly name: string;
  /** The class of each channel. */
  readonly channels: readonly number[];
  /** On which side zeros make each of them removable; the consumers' where both do. */
  readonly by: readonly Side[];
  /** All that reads them, and all that makes them: view channel → index in `channels`. */
  readonly readers: readonly Member[];
  readonly makers: readonly Member[];
}

const SIDES: readonly Side[] = ["consumer", "producer"];

/**
 * @param graph whose initializers are trainable
 * @param unit what of an attention is a channel
 */
export function prunableSets(graph: Graph, channels: Channels, unit: HeadUnit): PrunableSet[] {
  const found = SIDES.map((side) => ({ side, ...groupedSlices(graph, side, channels, unit) }));
  const sideOf = new Map<number, Side>();
  for (const { side, slices, grouped } of found)
    for (const { classes } of slices) for (const c of classes) if (!sideOf.has(c) && grouped(c)) sideOf.set(c, side);
  const names = firstMakers(graph, channels, found[0].part);
  const slices = found.flatMap(({ side, slices }) => slices.map((s) => ({ ...s, side })));
  return connected(slices).flatMap((tied): PrunableSet[] => {
    const own = [...new Set(tied.flatMap((s) => [...s.classes]))].filter((c) => sideOf.has(c)).sort((a, b) => a - b);
    if (own.length === 0) return [];
    const index = new Map(own.map((c, i) => [c, i]));
    const members = (side: Side) =>
      tied.filter((s) => s.side === side).map((s) => memberOf(s, (c) => index.get(c) ?? -1, own.length));
    const name = names.get(own[0]) ?? tied[0].param.name;
    const by = own.map((c) => sideOf.get(c)!);
    return [{ name, channels: own, by, readers: members("consumer"), makers: members("producer") }];
  });
}
