/** Names as people type them (kebab-case) and as the library spells them (camelCase); the nearest one to a wrong one. */
import { distance } from "fastest-levenshtein";

/** "groupLasso" → "group-lasso" */
export const kebab = (name: string): string => name.replaceAll(/[A-Z]/g, (c) => `-${c.toLowerCase()}`);

/** "group-lasso" → "groupLasso" */
export const camel = (name: string): string => name.replaceAll(/-([a-z0-9])/g, (_, c: string) => c.toUpperCase());

/** The valid name that takes the fewest edits; of several that of the nearest length, as letters are swapped more often than lost. */
export function nearest(name: string, valid: Iterable<string>): string {
  const far = (other: string) => distance(name, other) + Math.abs(name.length - other.length) / 100;
  return [...valid].reduce((a, b) => (far(b) < far(a) ? b : a));
}
