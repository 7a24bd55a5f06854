/** Where a run keeps its files. `espalier/node` has `directory(path)`; `memory()` runs everywhere, a browser included. */
import { aStore, aText, wants } from "../given.ts";
export interface Store {
  /** How the user knows it, for messages. */
  readonly location: string;
  /** A file's bytes; undefined when there is no such file. */
  read(name: string): Promise<Uint8Array | undefined>;
  /** Replaces a file atomically: after a crash it is the old one or the new one, never a part. */
  write(name: string, bytes: Uint8Array): Promise<void>;
  /** Adds to the end of a file, which is made if there is none. */
  append(name: string, more: string | Uint8Array): Promise<void>;
  /** Removes a file, or a folder with all that is in it. What is not there is no error. */
  remove(name: string): Promise<void>;
  /** The names of the files and folders in it; none when nothing was written yet. */
  list(): Promise<readonly string[]>;
  /**
   * Keeps everybody else out who asks for the lock: another process, or another store of the same place. Locks of one store nest. What
   * is within has locks of its own. Runs, comparisons and searches take it while they write.
   * @returns gives it up; what is called twice does nothing the second time
   * @throws EspalierError "locked", saying who holds it
   */
  lock(): Promise<() => Promise<void>>;
  /** The store of a folder in this one. It is made on first write. */
  within(folder: string): Store;
}

/** Writes data as a JSON file, indented, with a newline at its end. */
export async function writeJson(store: Store, name: string, data: unknown): Promise<void> {
  wants("writeJson", ["store", aStore, store], ["name", aText, name]);
  await store.write(name, new TextEncoder().encode(`${JSON.stringify(data, null, 2)}\n`));
}
