/** What a wrong name was probably meant to be. */
import { distance } from "fastest-levenshtein";

/** The valid name that takes the fewest edits; of several that of the nearest length, as letters are swapped more often than lost. */
export function nearest(name: string, valid: Iterable<string>): string {
  const far = (other: string) => distance(name, other) + Math.abs(name.length - other.length) / 100;
  return [...valid].reduce((a, b) => (far(b) < far(a) ? b : a));
}
