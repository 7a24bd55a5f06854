/** How fast a model is to become, as a user says it: in milliseconds, or as a share of what it takes now. */
import { checkShare } from "../../checks.ts";
import { UsageError } from "../../error.ts";
import type { LatencyTable } from "./table.ts";

/** One of the two. */
export type WantedLatency =
  | { readonly ms: number; readonly keep?: undefined }
  /** The share of the time that stays, in (0, 1). */
  | { readonly keep: number; readonly ms?: undefined };

/**
 * The share of the time that stays.
 * @throws UsageError for what is no such time
 */
export function wantedShare({ ms, keep }: WantedLatency, table: LatencyTable): number {
  if ((ms === undefined) === (keep === undefined))
    throw new UsageError("conflict", "a time is said in milliseconds or as a share of what the model takes now", {
      got: ms === undefined ? "neither" : `${ms} ms and ${keep}`,
    });
  const share = keep ?? ms! / table.ms;
  if (share > 0 && share < 1) return share;
  if (keep !== undefined || !(ms! > 0))
    throw new UsageError("out-of-range", "the time to come to is out of range", {
      got: keep === undefined ? `${ms} ms` : String(keep),
      wanted: keep === undefined ? "above 0 ms" : "between 0 and 1, as 0.5",
    });
  throw new UsageError(
    "out-of-range",
    "the model is as fast already",
    { got: `${table.ms.toPrecision(3)} ms`, wanted: `${ms} ms`, on: table.of },
    "ask for less time, or for nothing",
  );
}

/** The share of its channels that every layer keeps at least. Default: a quarter of the time's. */
export function leastOf(least: number | undefined, share: number): number {
  const found = least ?? share / 4;
  checkShare("least", found, 0, 1);
  return found;
}
