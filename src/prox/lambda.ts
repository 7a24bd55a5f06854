/** The check that every penalty makes of its strength. */
import { UsageError } from "../error.ts";

/** A penalty's strength must be a finite number ≥ 0. */
export function checkLambda(lambda: number): void {
  if (!(lambda >= 0 && Number.isFinite(lambda)))
    throw new UsageError("lambda must be a number ≥ 0", { got: lambda }, "start with 1e-4 and multiply or divide by 3");
}
