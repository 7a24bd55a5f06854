/** Sums over ranks in buckets: every number once, in the order of the ranks, one call at a time. */
import { expect, test } from "vitest";
import { rankSums } from "./sums.ts";

/** Ranks of one process, whose calls give what MPI's would, when all have made them. */
function ranks(size: number) {
  const meeting = () => {
    let waiting: { give: (pieces: readonly Uint8Array[]) => void; brings: Uint8Array }[] = [];
    return async (rank: number, brings: Uint8Array) =>
      new Promise<readonly Uint8Array[]>((give) => {
        waiting[rank] = { give, brings: brings.slice() };
        if (waiting.filter(Boolean).length < size) return;
        const all = waiting;
        waiting = [];
        for (const one of all) one.give(all.map((w) => w.brings));
      });
  };
  const [exchanges, gathers] = [meeting(), meeting()];
  let most = 0;
  const calls = Array.from({ length: size }, (_, rank) => {
    let open = 0;
    const alone = async (call: () => Promise<void>) => {
      most = Math.max(most, ++open);
      await call();
      open--;
    };
    return {
      exchange: (from: Uint8Array, into: Uint8Array, piece: number) =>
        alone(async () => {
          const all = await exchanges(rank, from);
          for (const [i, other] of all.entries()) into.set(other.subarray(rank * piece, (rank + 1) * piece), i * piece);
        }),
      gather: (piece: Uint8Array, into: Uint8Array) =>
        alone(async () => {
          for (const [i, other] of (await gathers(rank, piece)).entries()) into.set(other, i * piece.length);
        }),
    };
  });
  return { calls, most: () => most };
}

test.each([
  [2, 10],
  [3, 10],
  [3, 1000],
])("%i ranks, buckets of %i numbers", async (size, bucket) => {
  for (const length of [1, 9, 10, 31, 100]) {
    const { calls, most } = ranks(size);
    const own = calls.map((_, rank) => Float32Array.from({ length }, (__, i) => Math.fround(0.1 * (rank + 1) + i / 7)));
    const wanted = own[0].map((_, i) => own.reduce((sum, of) => Math.fround(sum + of[i]), 0));
    await Promise.all(calls.map((of, rank) => rankSums(of, size, bucket)(own[rank])));
    for (const of of own) expect(of, `${length} numbers`).toEqual(wanted);
    expect(most()).toBe(1);
  }
});
