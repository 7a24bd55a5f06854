/** Processes that train one model together, each on its share of every batch: what training asks of whatever connects them. */

/**
 * One of the processes of a run, and its way to the others. Every method is called by all of them, in the same order: each waits
 * there for the rest. `mpi()` of "espalier/node" makes one under `mpirun`.
 */
export interface Communicator {
  /** Which one this is, from 0. Rank 0 is the one that writes. */
  readonly rank: number;
  /** How many there are. */
  readonly size: number;
  /** Adds up over all ranks, element by element, in place: in float32, in the order of the ranks, so that all have the same bytes. */
  allreduce(data: Float32Array): Promise<void>;
  /** What rank 0 gives, on every rank. @param bytes read on rank 0 alone */
  broadcast(bytes: Uint8Array): Promise<Uint8Array>;
}

/** Which of these hold on some rank: a signal that only one has had is heard by all. Of a process alone, those given. */
export async function onAnyRank(
  communicator: Communicator | undefined,
  given: readonly boolean[],
): Promise<readonly boolean[]> {
  if (!communicator) return given;
  const votes = Float32Array.from(given, Number);
  await communicator.allreduce(votes);
  return Array.from(votes, (n) => n > 0);
}
