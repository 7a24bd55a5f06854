/** Where the event file of a run goes. */
import { basename, isAbsolute, join, relative } from "node:path";
import type { Store } from "espalier";
import { directory, isInBucket } from "espalier/node";

/** @param where true = beside the run's other files; else a folder, in which each run has one of its own directory's name */
export function boardOf(where: true | string, store: Store): Store {
  if (where === true) return store;
  const from = relative(process.cwd(), store.location);
  const outside = isInBucket(store.location) || from === "" || from.startsWith("..") || isAbsolute(from);
  return directory(join(where, outside ? basename(store.location) : from));
}
