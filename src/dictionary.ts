/** Objects keyed by names that come from files: `constructor`, `toString` and `__proto__` are names like any other. */

/** An object without a prototype: it has the keys that it is given, and no others. */
export function dictionary<T>(entries: Iterable<readonly [string, T]> = []): Record<string, T> {
  const empty: Record<string, T> = Object.create(null);
  for (const [key, value] of entries) empty[key] = value;
  return empty;
}

/** What an object holds itself under a name, whatever it was made by. */
export const ownEntry = <T>(of: Readonly<Record<string, T>>, name: string): T | undefined =>
  Object.hasOwn(of, name) ? of[name] : undefined;
