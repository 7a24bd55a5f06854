/** Ranks that MPI started: `mpirun -n 4 node program.mjs`. */
import { EspalierError } from "../../error.ts";
import type { Communicator } from "../../train/ranks/communicator.ts";
import { checkStarted } from "./find-library.ts";
import { mpiLibrary } from "./library.ts";
import { rankSums } from "./sums.ts";

/** Options of `mpi`. */
export interface MpiOptions {
  /** The MPI library's file. Default: the environment's ESPALIER_MPI, else OpenMPI's or MPICH's usual name. */
  readonly library?: string;
}

/** This process among those that `mpirun` started. */
export interface MpiCommunicator extends Communicator {
  /** Which library connects them. */
  readonly library: string;
  /** The last call: waits until all ranks have come there. */
  finalize(): Promise<void>;
  /** Ends all ranks at once, after a failure of this one: the others would wait for it for ever. @param status of the exit, not 0 */
  abort(status: number): void;
}

/** MPI counts in 32-bit integers. */
const MOST_BYTES = 2 ** 31 - 1;

/**
 * Joins the processes that `mpirun` started, by the MPI library that is installed (OpenMPI, MPICH and what shares their binary
 * interfaces), through the optional package koffi. Without `mpirun` this is the only rank. Call it once.
 * ```ts
 * const communicator = await mpi();
 * const run = train(model, data, { …, communicator });
 * for await (const epoch of run) if (communicator.rank === 0) console.log(epoch.loss);
 * await communicator.finalize();
 * ```
 * `allreduce` sends a piece to each rank (MPI_Alltoall), which adds it up in the order of the ranks, and collects the sums
 * (MPI_Allgather): as many bytes as a ring sends, and the same result to the byte whatever the library would choose.
 * @throws EspalierError when koffi or the library is missing or is of another kind than the `mpirun` that started it, or a call fails
 */
export async function mpi({ library = process.env["ESPALIER_MPI"] }: MpiOptions = {}): Promise<MpiCommunicator> {
  const calls = await mpiLibrary(library);
  const { rank, size } = calls.init();
  checkStarted(size, calls.path, process.env);
  const sum = rankSums(calls, size);
  return {
    rank,
    size,
    library: calls.path,
    allreduce: size === 1 ? async () => {} : sum,
    async broadcast(bytes) {
      if (size === 1) return bytes;
      const length = new Uint8Array(Float64Array.of(bytes.length).buffer);
      await calls.broadcast(length);
      const [total] = new Float64Array(length.buffer);
      if (total > MOST_BYTES)
        throw new EspalierError(
          "too-large",
          "rank 0 gives more than one message holds",
          { got: `${total} bytes`, wanted: `at most ${MOST_BYTES}` },
          "train in one process",
        );
      const message = rank === 0 ? bytes : new Uint8Array(total);
      await calls.broadcast(message);
      return message;
    },
    finalize: calls.finalize,
    abort: calls.abort,
  };
}
