/** A run's files in memory. */
import type { Store } from "../../src/train/store.ts";

export function memoryStore(): Store & { readonly files: Map<string, Uint8Array> } {
  const files = new Map<string, Uint8Array>();
  const text = new TextEncoder();
  return {
    files,
    location: "memory",
    read: async (name) => files.get(name),
    async write(name, bytes) {
      files.set(name, bytes.slice());
    },
    async append(name, added) {
      const old = files.get(name) ?? new Uint8Array();
      const both = new Uint8Array([...old, ...text.encode(added)]);
      files.set(name, both);
    },
    async remove(name) {
      files.delete(name);
    },
    list: async () => [...files.keys()],
  };
}
