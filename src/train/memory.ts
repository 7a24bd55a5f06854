/** A store in memory: for tests, for browsers, for runs whose files are only looked at. */
import type { Store } from "./store.ts";

/** A store whose files can be looked at. */
export interface MemoryStore extends Store {
  /** By their paths, folders and name joined by `/`. */
  readonly files: ReadonlyMap<string, Uint8Array>;
}

/** An empty store in memory. What it gives and takes are copies. */
export function memory(): MemoryStore {
  const files = new Map<string, Uint8Array>();
  return { files, ...folder(files, "memory", "") };
}

/** @param prefix of its files' paths: empty, or it ends in a slash */
function folder(files: Map<string, Uint8Array>, location: string, prefix: string): Store {
  return {
    location,
    read: async (name) => files.get(prefix + name)?.slice(),
    async write(name, bytes) {
      files.set(prefix + name, bytes.slice());
    },
    async append(name, more) {
      const added = typeof more === "string" ? new TextEncoder().encode(more) : more;
      const old = files.get(prefix + name) ?? new Uint8Array();
      const both = new Uint8Array(old.length + added.length);
      both.set(old);
      both.set(added, old.length);
      files.set(prefix + name, both);
    },
    async remove(name) {
      const path = prefix + name;
      for (const key of [...files.keys()]) if (key === path || key.startsWith(`${path}/`)) files.delete(key);
    },
    async list() {
      const inside = [...files.keys()].filter((key) => key.startsWith(prefix));
      return [...new Set(inside.map((key) => key.slice(prefix.length).split("/")[0]))];
    },
    lock: async () => async () => {}, // no other process sees it
    within: (name) => folder(files, `${location}/${name}`, `${prefix}${name}/`),
  };
}
