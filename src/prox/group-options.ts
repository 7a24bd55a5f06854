/** The options that every group penalty has, and their groups in a graph. */
import { z } from "zod";
import { UsageError } from "../error.ts";
import type { Graph } from "../graph/types.ts";
import { type GroupKind, type GroupSet, isCoupled, kindText, namedKinds, type Side } from "../groups/group-set.ts";
import { groupSets } from "../groups/groups.ts";
import { named, say } from "../message.ts";
import type { GroupWeights } from "./group-weights.ts";

const SIDES = ["consumer", "producer"] as const satisfies readonly Side[];
const WEIGHTS = ["balanced", "size", "macs", "latency", "uniform"] as const satisfies readonly GroupWeights[];
const count = z.int().min(1);

const block = z
  .tuple([count, count])
  .readonly()
  .meta({ description: "outputs × inputs of a block", wanted: "two integers ≥ 1", start: [4, 4] });

/** Which groups a penalty acts on. */
export const groupOptions = {
  groups: z
    .union([z.enum(namedKinds), z.strictObject({ block })])
    .default("coupled")
    .describe(
      "what dies together; coupled, all that must be zero for a channel to go, makes the file small; headWidth, the same with one index of every head for whole heads",
    ),
  side: z
    .enum(SIDES)
    .default("consumer")
    .describe("coupled and headWidth groups: consumer, the weights that read a channel, or producer, what makes it"),
};
const schema = z.strictObject(groupOptions);
/** Which groups a penalty acts on. */
export type GroupOptions = z.input<typeof schema>;

/** What `weights` are, in the help. */
export const WEIGHTS_TEXT =
  "weight of a group in the penalty: size, the root of its number of weights; balanced, the same where narrow layers are spared; macs, the same of multiply-adds; latency, the milliseconds that it saves, with a time as the target; uniform, 1";

/** ω_g, see `GroupWeights`. Wants a default. */
export const weightsOption = z.enum(WEIGHTS);

/** The options that count: a side is one of coupled groups. */
export function counting<O extends z.output<typeof schema>>(options: O): Omit<O, "side"> | O {
  const { side: _, ...others } = options;
  return isCoupled(options.groups) ? options : others;
}

const OTHER = { consumer: "producer", producer: "consumer" } as const;

/** What to do about a model that has none: where its channels are added up or multiplied by each other, the other side has them. */
function advice(graph: Graph, groups: GroupKind, side: Side) {
  if (!isCoupled(groups)) return "choose other groups";
  if (groupSets(graph, groups, { side: OTHER[side] }).length > 0)
    return say`set ${named("side")} to ${OTHER[side]}, on which it has some`;
  return say`choose other groups, for example ${named("inputChannel")}: a model without hidden channels has no coupled ones`;
}

/** @throws UsageError when the model has no such groups */
export function setsOf(graph: Graph, groups: GroupKind, side: Side): GroupSet[] {
  const sets = groupSets(graph, groups, { side });
  if (sets.length === 0)
    throw new UsageError(
      "nothing-to-do",
      say`the model has no ${kindText(groups)} groups`,
      { got: `${graph.nodes.length} nodes` },
      advice(graph, groups, side),
    );
  return sets;
}
