/** What stands in the cells of tables of times. */
import { median, milliseconds } from "espalier";

export const ratioOf = (x: number | null | undefined): string => x?.toFixed(2) ?? "–";
export const spreadOf = (xs: readonly number[]) => `${Math.min(...xs).toFixed(2)} … ${Math.max(...xs).toFixed(2)}`;
export const middleOf = (ms: readonly number[] | null | undefined): string => (ms ? milliseconds(median(ms)) : "–");
