/** `train --mpi`: rank 0 makes the run as a process alone would; the others compute their shares of its batches, and say nothing. */
import { availableParallelism } from "node:os";
import { memory } from "espalier";
import { type MpiCommunicator, mpi } from "espalier/node";
import type { RunFolder } from "../settings/place.ts";
import type { TrainConfig } from "../settings/train-fields.ts";
import { fail, messageOf } from "../terminal/failure.ts";
import { interruption } from "../terminal/interrupt.ts";
import { type Output, silent } from "../terminal/output.ts";
import { openJob } from "./job.ts";
import { describeRun } from "./training.ts";

/** How long a rank's error waits for rank 0 to say the same of itself. */
const POLITE_MS = 1000;

/** Processes on this machine, as OpenMPI, MPICH and Slurm say it. */
const LOCAL = ["OMPI_COMM_WORLD_LOCAL_SIZE", "MPI_LOCALNRANKS", "SLURM_NTASKS_PER_NODE"];

/** The processors of this machine shared out. */
function threadsOf({ size }: MpiCommunicator): number {
  const local = LOCAL.map((name) => Number(process.env[name])).find((n) => n >= 1) ?? size;
  return Math.max(1, Math.floor(availableParallelism() / local));
}

/** Rank 0's settings, for all: of a resumed run they are in its folder. */
async function settingsOfFirst(communicator: MpiCommunicator, own?: RunFolder): Promise<TrainConfig | undefined> {
  const told = own && !own.summary ? own.config : null;
  const bytes = await communicator.broadcast(new TextEncoder().encode(JSON.stringify(told)));
  return JSON.parse(new TextDecoder().decode(bytes)) ?? undefined;
}

/** A rank other than 0. */
async function follow(communicator: MpiCommunicator, own: Pick<TrainConfig, "threads">): Promise<void> {
  const first = await settingsOfFirst(communicator);
  if (!first) return; // the run is finished
  const config = { ...first, ...own };
  const heard = interruption(() => {});
  try {
    const where = { asked: config, config, out: config.out ?? "", store: memory(), summary: undefined };
    const { choices, shop } = await openJob(where, { out: silent, interruption: heard, communicator });
    for await (const _ of describeRun(where.store, choices, shop));
  } finally {
    heard.release();
  }
}

/**
 * Runs a command on all ranks.
 * @param first what rank 0 does; it calls `begin` with the run's folder before anything is trained
 * @returns the exit status. After a failure of any rank all are ended
 */
export async function onRanks(
  asked: TrainConfig,
  out: Output,
  first: (
    asked: TrainConfig,
    communicator: MpiCommunicator,
    begin: (where: RunFolder) => Promise<unknown>,
  ) => Promise<number>,
): Promise<number> {
  const communicator = await mpi();
  const { rank } = communicator;
  let status = 0;
  try {
    const shared = { ...asked, threads: asked.threads ?? threadsOf(communicator) };
    if (rank > 0) await follow(communicator, { threads: shared.threads });
    else status = await first(shared, communicator, (where) => settingsOfFirst(communicator, where));
  } catch (error) {
    if (rank === 0) status = fail(error, out);
    else {
      await new Promise((resolve) => setTimeout(resolve, POLITE_MS));
      out.warn(`rank ${rank}: ${messageOf(error)}`);
    }
    communicator.abort(status || 1);
  }
  await communicator.finalize();
  return status;
}
