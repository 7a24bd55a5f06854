/** Range checks of optimizer options. */
import { UsageError } from "../error.ts";

/** Requires lo ≤ x < hi. */
export function checkRange(name: string, x: number, lo: number, hi: number): void {
  if (!(x >= lo && x < hi)) throw new UsageError(`${name} is out of range`, { got: x, wanted: `[${lo}, ${hi})` });
}

/** Requires 0 < x ≤ 1, as averaging constants want. */
export function checkFraction(name: string, x: number): void {
  if (!(x > 0 && x <= 1)) throw new UsageError(`${name} is out of range`, { got: x, wanted: "(0, 1]" });
}
