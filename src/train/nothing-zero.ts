/** What to do about a run that was to make something zero, and did not. */
import { named, say, type Words } from "../message.ts";
import type { EpochMetrics, Prunes } from "../report/results.ts";
import type { Resolved } from "./options.ts";

/** @param history of a run that is finished @returns nothing where something is zero, or nothing was to be */
export function nothingZero(
  { penalty, optimizer }: Pick<Resolved, "penalty" | "optimizer">,
  history: readonly EpochMetrics[],
  prunes: Prunes,
): Words[] {
  const last = history.at(-1);
  const { lambda } = penalty?.options ?? {};
  if (!last || prunes === "nothing" || typeof lambda !== "number" || last.groupSparsity > 0) return [];
  if (last.dual && last.dual.groupSparsity > 0)
    return [
      say`nothing is zero in the weights, which ${named(optimizer.name)} still averages (${named("c")} is ${last.c ?? 0}): plan more epochs with c = 1, or begin with a larger ${named("c")}`,
    ];
  return [
    lambda > 0
      ? say`nothing became zero: ${named("lambda")} ${lambda} is too weak for a run of this length. Take ${named("lambda")} ${Number((3 * lambda).toPrecision(2))}, more ${named("epochs")}, or say what is to be kept, and it is steered there: ${named("targetParams")} 0.3 (target of train)`
      : say`nothing became zero: ${named("lambda")} is 0, so that nothing was penalized. Begin with ${named("lambda")} 1e-4`,
  ];
}
