/** The options that every group penalty has, and their groups in a graph. */

import { checkChoice } from "../checks.ts";
import { UsageError } from "../error.ts";
import type { Graph } from "../graph/types.ts";
import { type GroupKind, type GroupSet, kindText, type Side } from "../groups/group-set.ts";
import { groupSets } from "../groups/groups.ts";
import { named, say } from "../message.ts";
import type { GroupWeights } from "./group-weights.ts";

/** Which groups a penalty acts on. */
export interface GroupOptions {
  /** What dies together. Default "coupled": everything that must be zero for a channel to be removable. */
  readonly groups?: GroupKind;
  /** Which side of a coupled channel is a member. Default "consumer". */
  readonly side?: Side;
}

const KINDS = ["element", "inputChannel", "outputChannel", "coupled"] satisfies readonly GroupKind[];
const SIDES = ["consumer", "producer"] satisfies readonly Side[];
const WEIGHTS = ["size", "balanced", "uniform"] satisfies readonly GroupWeights[];

/** @throws UsageError for a word that none of the options knows */
export function checkGroupOptions(groups: GroupKind, side: Side, weights: GroupWeights): void {
  if (typeof groups === "string") checkChoice("groups", groups, KINDS);
  checkChoice("side", side, SIDES);
  checkChoice("weights", weights, WEIGHTS);
}

/** @throws UsageError when the model has no such groups */
export function setsOf(graph: Graph, groups: GroupKind, side: Side): GroupSet[] {
  const sets = groupSets(graph, groups, { side });
  if (sets.length === 0)
    throw new UsageError(
      say`the model has no ${kindText(groups)} groups`,
      { got: `${graph.nodes.length} nodes` },
      groups === "coupled"
        ? say`choose other groups, for example ${named("inputChannel")}: a model without hidden channels has no coupled ones`
        : "choose other groups",
    );
  return sets;
}
