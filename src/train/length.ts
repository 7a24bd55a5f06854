/** How long a run is: whole epochs, or so many steps of the optimizer. */
import { checkInteger } from "../checks.ts";
import { UsageError } from "../error.ts";
import { named, say } from "../message.ts";
import type { Moment } from "../optim/schedule.ts";

/** What is said of it. */
interface Length {
  readonly epochs?: number;
  readonly steps?: number;
}

/**
 * Epochs that begin. Those of a number of steps are as many as hold them, of which the last may be cut short.
 * @throws UsageError for both or neither
 */
export function epochsOf({ epochs, steps }: Length, stepsPerEpoch: number): number {
  if (steps === undefined) {
    checkInteger("epochs", epochs!, 1);
    return epochs!;
  }
  if (epochs !== undefined)
    throw new UsageError(
      "conflict",
      say`${named("steps")} and ${named("epochs")} both say how long the run is`,
      { got: `${steps} steps, ${epochs} epochs` },
      "leave one of them out",
    );
  checkInteger("steps", steps, 1);
  return Math.ceil(steps / stepsPerEpoch);
}

/** @throws UsageError when something is to happen in an epoch that never begins */
export function checkWithin(epochs: number, what: string, at: readonly number[]): void {
  const late = at.filter((epoch) => epoch >= epochs);
  if (late.length > 0)
    throw new UsageError("out-of-range", `${what} lies beyond the last epoch`, {
      got: late.join(", "),
      wanted: `below ${epochs}`,
    });
}

/** Steps that a moment's epoch has: fewer than others have where the run ends within it. */
export const stepsOfEpoch = ({ epoch, stepsPerEpoch, steps }: Omit<Moment, "step">): number =>
  steps === undefined ? stepsPerEpoch : Math.min(stepsPerEpoch, steps - epoch * stepsPerEpoch);
