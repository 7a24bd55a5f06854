/** Ranks of one run that were started alike. */
import { UsageError } from "../../error.ts";
import { type Config, differingKeys } from "../record.ts";
import type { Store } from "../store.ts";
import type { Communicator } from "./communicator.ts";

/** What of a run's files all ranks must have alike: each reads what rank 0 reads. */
export const storing = ({ store, resume, overwrite }: Files): Config => ({
  store: store !== undefined,
  resume,
  overwrite,
});

interface Files {
  readonly store?: Store;
  readonly resume: boolean;
  readonly overwrite: boolean;
}

/** @throws UsageError naming the settings in which this rank differs from rank 0, or that some other one does */
export async function checkSameSettings(config: Config, communicator: Communicator): Promise<void> {
  const text = new TextEncoder().encode(JSON.stringify(config));
  const wanted = JSON.parse(new TextDecoder().decode(await communicator.broadcast(text))) as Config;
  const differ = differingKeys(wanted, config);
  const wrong = Float32Array.of(differ.length);
  await communicator.allreduce(wrong);
  if (wrong[0] === 0) return;
  throw new UsageError(
    "conflict",
    differ.length > 0
      ? `rank ${communicator.rank} was started with other settings than rank 0: ${differ.join(", ")}`
      : "some rank was started with other settings than rank 0",
    Object.fromEntries(
      differ.flatMap((k) => [
        [`${k} (rank 0)`, JSON.stringify(wanted[k])],
        [`${k} (rank ${communicator.rank})`, JSON.stringify(config[k])],
      ]),
    ),
    "give every rank the same model, data and options; where one has a store, all have one, such as memory(), which stays empty but on rank 0",
  );
}
