/** What a wrong name was probably meant to be. */
import { distance } from "fastest-levenshtein";

/** The share of the longer name's letters that may differ; two that are swapped count as two. */
const FAR = 0.5;

/**
 * The valid name that takes the fewest edits; of several that of the nearest length, as letters are swapped more often than lost.
 * @returns undefined when none is near: a suggestion for nonsense is worse than none
 */
export function nearest(name: string, valid: Iterable<string>): string | undefined {
  const far = (other: string) => distance(name, other) + Math.abs(name.length - other.length) / 100;
  const found = [...valid].reduce<string | undefined>(
    (a, b) => (a === undefined || far(b) < far(a) ? b : a),
    undefined,
  );
  if (found === undefined) return undefined;
  return distance(name, found) <= Math.max(1, FAR * Math.max(name.length, found.length)) ? found : undefined;
}

/** "did you mean lambda?"; undefined when no name is near. */
export function didYouMean(name: string, valid: Iterable<string>, spell = (s: string) => s): string | undefined {
  const found = nearest(name, valid);
  return found === undefined ? undefined : `did you mean ${spell(found)}?`;
}
