/** The store of a run of several ranks: rank 0 reads and writes, the others hear what it read. */
import type { Store } from "../store.ts";
import type { Communicator } from "./communicator.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Where a run's files go: through rank 0, where several share it. */
export const filesOf = ({ store, communicator }: Files): Store | undefined =>
  store && communicator ? rankStore(store, communicator) : store;

interface Files {
  readonly store?: Store;
  readonly communicator?: Communicator;
}

/** @param store is used on rank 0 alone: the others need none of the same place */
function rankStore(store: Store, communicator: Communicator): Store {
  const first = communicator.rank === 0;
  return {
    location: store.location,
    /** The first byte says whether the file is there. */
    async read(name) {
      const found = first ? await store.read(name) : undefined;
      const message = new Uint8Array(1 + (found?.length ?? 0));
      if (found) {
        message[0] = 1;
        message.set(found, 1);
      }
      const shared = await communicator.broadcast(message);
      return shared[0] === 1 ? shared.slice(1) : undefined;
    },
    async write(name, bytes) {
      if (first) await store.write(name, bytes);
    },
    async append(name, more) {
      if (first) await store.append(name, more);
    },
    async remove(name) {
      if (first) await store.remove(name);
    },
    async list() {
      const found = encoder.encode(JSON.stringify(first ? await store.list() : []));
      return JSON.parse(decoder.decode(await communicator.broadcast(found))) as string[];
    },
    lock: () => (first ? store.lock() : Promise.resolve(async () => {})),
    within: (folder) => rankStore(store.within(folder), communicator),
  };
}
