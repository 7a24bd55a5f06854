/** YAML can say of a list that it is in itself (`&a [*a]`); no setting is like that. */
import { UsageError } from "espalier";

/** Whether a value is among what it holds. */
function holdsItself(value: unknown, above: readonly unknown[] = []): boolean {
  if (typeof value !== "object" || value === null) return false;
  return above.includes(value) || Object.values(value).some((v) => holdsItself(v, [...above, value]));
}

/**
 * A value that was parsed, as it is.
 * @param where for the message
 * @throws UsageError for one that holds itself
 */
export function wholeValue<T>(value: T, where: Readonly<Record<string, string>>): T {
  if (!holdsItself(value)) return value;
  throw new UsageError("invalid-file", "a value is a part of itself", where, "write it out, without the alias (*name)");
}
