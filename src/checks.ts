/** The checks that options of all kinds share: a word of a few, a number in a range, an integer from a least one on. */
import { UsageError } from "./error.ts";
import { listed, named, say } from "./message.ts";

/** Requires one of the choices: they come as text from a command line or a file. */
export function checkChoice(name: string, x: string, choices: readonly string[]): void {
  if (!choices.includes(x)) throw new UsageError(say`${named(name)} is unknown`, { got: x, wanted: listed(choices) });
}

/** Requires lo ≤ x < hi. */
export function checkRange(name: string, x: number, lo: number, hi: number): void {
  if (!(x >= lo && x < hi))
    throw new UsageError(say`${named(name)} is out of range`, { got: x, wanted: `[${lo}, ${hi})` });
}

/** Requires lo ≤ x ≤ hi. */
export function checkShare(name: string, x: number, lo: number, hi: number): void {
  if (!(x >= lo && x <= hi))
    throw new UsageError(say`${named(name)} is out of range`, { got: x, wanted: `[${lo}, ${hi}]` });
}

/** Requires an ε that float32 can hold: a smaller one is 0 in a step, and 0/0 is not a number. */
export function checkEps(eps: number): void {
  if (!(eps >= 1e-30 && Number.isFinite(eps)))
    throw new UsageError("eps is out of range", { got: eps, wanted: "a number ≥ 1e-30" });
}

/** True for an integer ≥ least, any when there is no least. */
export const isInteger = (x: number, least = Number.NEGATIVE_INFINITY): boolean =>
  Number.isSafeInteger(x) && x >= least;

/** Requires an integer ≥ least. */
export function checkInteger(name: string, x: number, least: number): void {
  if (!isInteger(x, least))
    throw new UsageError(say`${named(name)} is out of range`, { got: x, wanted: `an integer ≥ ${least}` });
}

/** Requires 0 < x ≤ 1, as averaging constants want. */
export function checkFraction(name: string, x: number): void {
  if (!(x > 0 && x <= 1)) throw new UsageError(say`${named(name)} is out of range`, { got: x, wanted: "(0, 1]" });
}

/** Requires 1 ≤ epochs[0] < epochs[1] < …, all integers. */
export function checkEpochs(name: string, epochs: readonly number[]): void {
  if (epochs.some((e, i) => !Number.isInteger(e) || e <= (epochs[i - 1] ?? 0)))
    throw new UsageError(say`${named(name)} must be increasing positive integers`, { got: epochs.join(", ") });
}
