/** What channels save of a model's time, for the weights of their groups. */
import { UsageError } from "../error.ts";
import type { Graph } from "../graph/types.ts";
import { channelsOf } from "../groups/channels.ts";
import { type GroupKind, type GroupSet, isCoupled, kindText, type Member } from "../groups/group-set.ts";
import { type PrunableSet, prunableSets } from "../groups/prunable.ts";
import { named, say } from "../message.ts";

/** What a channel of one set saves of a model's time when it goes, as measured on the runtime that the model is to be fast on. */
export interface ChannelTime {
  /** The first weight that makes the channels. */
  readonly name: string;
  /** How many channels there are. */
  readonly channels: number;
  /** Milliseconds for each of them, above 0. */
  readonly ms: number;
}

/**
 * Milliseconds that every group of a set saves. A set that no time is known of, since none of its channels can be cut, saves as little as
 * the least of the others.
 * @throws UsageError for groups that are no channels of the whole network, and where no times are known, or those of another model
 */
export function groupTimes(
  graph: Graph,
  sets: readonly GroupSet[],
  groups: GroupKind,
  times: readonly ChannelTime[] | undefined,
): Map<GroupSet, number> {
  if (!times)
    throw new UsageError(
      "missing",
      say`${named("weights")} latency wants a run that is steered to a time`,
      { wanted: "a table of measured times" },
      say`give the run such a target, or set ${named("weights")} to macs`,
    );
  if (!isCoupled(groups))
    throw new UsageError(
      "conflict",
      say`times weigh channels of the whole network, and ${kindText(groups)} groups are none`,
      { got: kindText(groups), wanted: "coupled or headWidth" },
      say`choose such groups, or set ${named("weights")} to macs`,
    );
  const known = timedMembers(prunableSets(graph, channelsOf(graph), groups === "coupled" ? "head" : "index"), times);
  const found = sets.map((set) => set.members.map((m) => known.get(placeOf(m))).find((ms) => ms !== undefined));
  const least = Math.min(...found.flatMap((ms) => ms ?? []));
  if (!Number.isFinite(least))
    throw new UsageError(
      "mismatch",
      "the measured times are of other channels than the penalty's",
      { got: times.map(({ name, channels }) => `${name} ${channels}`).join(", ") },
      "measure them of this model, with the groups of the penalty",
    );
  return new Map(sets.map((set, i) => [set, found[i] ?? least]));
}

/** By where a weight holds channels: on either side of a set whose time is known. */
function timedMembers(sets: readonly PrunableSet[], times: readonly ChannelTime[]): Map<string, number> {
  return new Map(
    sets.flatMap((set) => {
      const time = times.find((t) => t.name === set.name && t.channels === set.channels.length);
      return time ? [...set.readers, ...set.makers].map((m) => [placeOf(m), time.ms] as const) : [];
    }),
  );
}

const placeOf = ({ param, view, axes }: Member): string => `${param.name} ${view.join("×")} ${axes.join()}`;
