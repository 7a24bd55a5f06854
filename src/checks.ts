/** The checks that arguments of all kinds share: a number in a range, an integer from a least one on, epochs in order. */
import { UsageError } from "./error.ts";
import { named, say } from "./message.ts";

/** Requires lo ≤ x ≤ hi. */
export function checkShare(name: string, x: number, lo: number, hi: number): void {
  if (!(x >= lo && x <= hi))
    throw new UsageError("out-of-range", say`${named(name)} is out of range`, { got: x, wanted: `[${lo}, ${hi}]` });
}

/** The smallest number that float32 has with all its digits; some processors take smaller ones for 0. */
const LEAST_FLOAT32 = 2 ** -126;

/** Requires 0 or a number that stays one where the graphs compute, in float32. */
export function checkFloat(name: string, x: number): void {
  const size = Math.abs(Math.fround(x));
  if (x === 0 || !Number.isFinite(x) || (size >= LEAST_FLOAT32 && size < Infinity)) return;
  throw new UsageError("out-of-range", say`${named(name)} is out of range`, {
    got: x,
    wanted:
      size < 1
        ? "0, or at least 1.2e-38: the step computes in float32"
        : "at most 3.4e38: the step computes in float32",
  });
}

/** True for an integer ≥ least, any when there is no least. */
export const isInteger = (x: number, least = Number.NEGATIVE_INFINITY): boolean =>
  Number.isSafeInteger(x) && x >= least;

/** Requires an integer ≥ least. */
export function checkInteger(name: string, x: number, least: number): void {
  if (!isInteger(x, least))
    throw new UsageError("out-of-range", say`${named(name)} is out of range`, {
      got: x,
      wanted: `an integer ≥ ${least}`,
    });
}

/** Requires 1 ≤ epochs[0] < epochs[1] < …, all integers. */
export function checkEpochs(name: string, epochs: readonly number[]): void {
  if (epochs.some((e, i) => !Number.isInteger(e) || e <= (epochs[i - 1] ?? 0)))
    throw new UsageError("out-of-range", say`${named(name)} must be increasing positive integers`, {
      got: epochs.join(", "),
    });
}
