/** Whether a run can shrink while it trains, and whether it does where nobody says so. */
import { checkInteger } from "../checks.ts";
import { UsageError } from "../error.ts";
import type { Graph } from "../graph/types.ts";
import { named, say } from "../message.ts";
import type { Resolved, TrainOptions } from "./options.ts";

/** After how many epochs channels may leave, again and again, where nobody says. */
const EVERY = 5;

type Asked = Pick<Resolved, "penalty" | "optimizer" | "target">;

/** Why nothing would ever make a channel unread; undefined where something may. Something has to make all that reads one zero. */
function obstacle({ penalty, optimizer }: Asked): UsageError | undefined {
  const conflict = (got: ReturnType<typeof say>, fix: ReturnType<typeof say>) =>
    new UsageError(
      "conflict",
      say`${named("shrinkEvery")} wants what makes all that reads a channel zero`,
      { got },
      fix,
    );
  if (!penalty)
    return conflict(
      say`${named(optimizer.name)} without a penalty`,
      say`take ${named("groupLasso")} with an optimizer that takes a penalty, or leave ${named("shrinkEvery")} out`,
    );
  if (penalty.ways.includes("host"))
    return conflict(say`${named(penalty.name)}, which makes singular values zero`, say`take ${named("groupLasso")}`);
  if (penalty.options.groups === "outputChannel")
    return conflict(
      say`groups of ${named("outputChannel")}, which make zero what makes channels`,
      say`take ${named("coupled")} groups, or leave ${named("shrinkEvery")} out`,
    );
  if (penalty.options.side === "producer")
    return conflict(
      say`${named("side")} producer, which makes zero what makes channels`,
      say`set ${named("side")} to consumer, or leave ${named("shrinkEvery")} out`,
    );
  return undefined;
}

/**
 * After how many epochs a run shrinks, again and again. Where nobody says, it does where runs with and without it were compared
 * (experiments/shrinking-runs.ts): with a target, whose cut fixes what is zero; and, of the optimizers that step in the plain metric
 * from the weights that are given, with a penalty that judges each group by itself, of which a gradient tells whether it stays zero.
 * @param graph what is trained
 * @returns undefined: never
 */
export function shrinkingOf(said: Asked & Pick<TrainOptions, "shrinkEvery">, graph: Graph): number | undefined {
  const { optimizer, penalty, target, shrinkEvery } = said;
  if (shrinkEvery !== undefined) return shrinkEvery === false ? undefined : shrinkEvery;
  if (obstacle(said)) return undefined;
  if (target) return EVERY;
  const plain = optimizer.prox !== undefined && !optimizer.adaptive && !optimizer.beginsAtZero;
  return plain && penalty?.bind(graph).pull ? EVERY : undefined;
}

/**
 * @param resolved of the run
 * @param said what was asked for
 * @throws UsageError for numbers out of range, and for what never makes a channel unread
 */
export function checkThinning(
  resolved: Asked & Pick<Resolved, "shrinkEvery" | "shrinkAfter">,
  said: Pick<TrainOptions, "shrinkEvery" | "shrinkAfter">,
): void {
  if (said.shrinkAfter !== undefined) checkInteger("shrinkAfter", resolved.shrinkAfter, 1);
  if (typeof said.shrinkEvery === "number") {
    checkInteger("shrinkEvery", said.shrinkEvery, 1);
    const wrong = obstacle(resolved);
    if (wrong) throw wrong;
  }
  if (said.shrinkAfter === undefined || resolved.shrinkEvery !== undefined) return;
  throw new UsageError(
    "conflict",
    say`${named("shrinkAfter")} says after how long channels leave, and none do`,
    { wanted: say`${named("shrinkEvery")}` },
    say`set ${named("shrinkEvery")}, or leave it out`,
  );
}
