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
