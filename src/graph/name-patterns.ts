/** Patterns that choose parameters by name: `*` stands for any characters but `.` and `/`, `**` for any characters. */

import { UsageError } from "../error.ts";
import { didYouMean } from "../nearest.ts";

/** Whether names match a pattern. */
export function matcher(pattern: string): (name: string) => boolean {
  const parts = pattern.split(/(\*+)/).map((part) => {
    if (part.startsWith("*")) return part === "*" ? "[^./]*" : ".*";
    return part.replaceAll(/[\\^$.+?()[\]{}|]/g, "\\$&");
  });
  const expression = new RegExp(`^${parts.join("")}$`, "s");
  return (name) => expression.test(name);
}

/**
 * The names that match one of the patterns.
 * @param option what gave the patterns, for the message
 * @throws UsageError naming a pattern that matches nothing, and the nearest name
 */
export function matchingNames(
  names: readonly string[],
  patterns: readonly string[],
  option: string,
): ReadonlySet<string> {
  const matching = new Set<string>();
  for (const pattern of patterns) {
    const found = names.filter(matcher(pattern));
    if (found.length === 0)
      throw new UsageError(
        "unknown-name",
        `${option} matches no parameter`,
        { got: pattern, wanted: "names of parameters; * stands for a part of a name, ** for any characters" },
        didYouMean(pattern, names),
      );
    for (const name of found) matching.add(name);
  }
  return matching;
}

/** So many names are listed as they are. */
const MOST_LISTED = 4;

/**
 * Patterns that choose these names and none of the others: of many, the first parts that they share alone.
 * @returns a pattern or a name each, in the order of the names
 */
export function patternsOf(names: readonly string[], others: readonly string[]): string[] {
  if (names.length <= MOST_LISTED) return [...names];
  const own = (prefix: string) => !others.some((other) => other.startsWith(prefix));
  const prefixesOf = (name: string) => [...name.matchAll(/[./]/g)].map((m) => name.slice(0, m.index + 1));
  const found = names.map((name) => {
    const prefix = prefixesOf(name).find(own);
    return prefix === undefined ? name : `${prefix}**`;
  });
  return [...new Set(found)];
}
