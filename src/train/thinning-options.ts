/** Whether a run can shrink while it trains: something has to make all that reads a channel zero, and leave it so. */
import { checkInteger } from "../checks.ts";
import { UsageError } from "../error.ts";
import { named, say } from "../message.ts";
import type { Resolved } from "./options.ts";

/**
 * @param after what was asked for
 * @throws UsageError for numbers out of range, and for what never makes a channel unread
 */
export function checkThinning(
  {
    shrinkEvery,
    shrinkAfter,
    penalty,
    optimizer,
  }: Pick<Resolved, "shrinkEvery" | "shrinkAfter" | "penalty" | "optimizer">,
  after: number | undefined,
): void {
  if (after !== undefined) checkInteger("shrinkAfter", shrinkAfter, 1);
  if (shrinkEvery === undefined) {
    if (after === undefined) return;
    throw new UsageError(
      "conflict",
      say`${named("shrinkAfter")} says after how long channels leave, and none do`,
      { wanted: say`${named("shrinkEvery")}` },
      say`set ${named("shrinkEvery")}, or leave it out`,
    );
  }
  checkInteger("shrinkEvery", shrinkEvery, 1);
  const conflict = (got: ReturnType<typeof say>, fix: ReturnType<typeof say>) =>
    new UsageError(
      "conflict",
      say`${named("shrinkEvery")} wants what makes all that reads a channel zero`,
      { got },
      fix,
    );
  if (!penalty)
    throw conflict(
      say`${named(optimizer.name)} without a penalty`,
      say`take ${named("groupLasso")} with an optimizer that takes a penalty, or leave ${named("shrinkEvery")} out`,
    );
  if (penalty.ways.includes("host"))
    throw conflict(say`${named(penalty.name)}, which makes singular values zero`, say`take ${named("groupLasso")}`);
  if (penalty.options.groups === "outputChannel")
    throw conflict(
      say`groups of ${named("outputChannel")}, which make zero what makes channels`,
      say`take ${named("coupled")} groups, or leave ${named("shrinkEvery")} out`,
    );
  if (penalty.options.side === "producer")
    throw conflict(
      say`${named("side")} producer, which makes zero what makes channels`,
      say`set ${named("side")} to consumer, or leave ${named("shrinkEvery")} out`,
    );
}
