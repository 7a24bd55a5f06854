/** Communicator of one process, for tests: each adds up what the others bring, when all have come. */
import type { Communicator } from "../../src/train/ranks/communicator.ts";

interface Meeting<T> {
  readonly brought: T[];
  readonly over: Promise<void>;
  readonly end: () => void;
}

/** One place where all ranks meet, again and again. */
function meetings<T>(size: number): (rank: number, mine: T, all: (brought: readonly T[]) => void) => Promise<void> {
  let next: Meeting<T> | undefined;
  let come = 0;
  return async (rank, mine, all) => {
    if (!next) {
      let end = () => {};
      const over = new Promise<void>((resolve) => {
        end = resolve;
      });
      next = { brought: new Array<T>(size), over, end };
    }
    const meeting = next;
    meeting.brought[rank] = mine;
    if (++come === size) {
      all(meeting.brought);
      [next, come] = [undefined, 0];
      meeting.end();
    }
    await meeting.over;
  };
}

/** The communicators of so many ranks, for as many runs of this process. */
export function communicators(size: number): Communicator[] {
  const sums = meetings<Float32Array>(size);
  const shares = meetings<{ bytes: Uint8Array }>(size);
  return Array.from({ length: size }, (_, rank) => ({
    rank,
    size,
    allreduce: (data) =>
      sums(rank, data, (all) => {
        const total = all[0].map((_, i) => all.reduce((sum, one) => Math.fround(sum + one[i]), 0));
        for (const one of all) one.set(total);
      }),
    async broadcast(bytes) {
      const mine = { bytes };
      await shares(rank, mine, (all) => {
        for (const one of all) one.bytes = all[0].bytes;
      });
      return mine.bytes;
    },
  }));
}
