/**
 * A run's files while it trains: the checkpoint, replaced atomically, and metrics.jsonl, cut back to it on resume. From `open` to `close`
 * the store is locked. The mark of a finished run goes before anything else of it does.
 */
import { EspalierError, UsageError } from "../error.ts";
import type { Tensor } from "../graph/types.ts";
import type { EpochMetrics } from "../report/results.ts";
import { decodeCheckpoint, encodeCheckpoint } from "./checkpoint.ts";
import { type Config, checkSameConfig, type RunRecord, readRecord } from "./record.ts";
import { clearFormer, clearRun, FILES } from "./run-files.ts";
import type { Store } from "./store.ts";

export interface SavedRun {
  readonly record: RunRecord;
  readonly tensors: ReadonlyMap<string, Tensor>;
}

/** The configuration that a store's checkpoint is of; undefined when there is none that can be used. */
export async function checkpointConfig(store: Store): Promise<Config | undefined> {
  const bytes = await store.read(FILES.checkpoint);
  if (!bytes) return undefined;
  try {
    return readRecord((await decodeCheckpoint(bytes)).state).config;
  } catch (error) {
    if (error instanceof EspalierError && error.code === "invalid-file") return undefined;
    throw error;
  }
}

/** Stores that a run of this process writes to: locks of one store nest, so they would let a second one in. */
const written = new WeakSet<Store>();

/** Without a store every method does nothing. */
export class Journal {
  private readonly store: Store | undefined;
  private config: Config = {};
  private unlock: (() => Promise<void>) | undefined;

  constructor(store: Store | undefined) {
    this.store = store;
  }

  /**
   * Locks the store and readies it for a run of this configuration.
   * @returns the state to go on from, if there is one and `resume` is set
   * @throws UsageError when the store holds a run that may be neither resumed nor overwritten, or of other settings; EspalierError
   *   when somebody else writes there
   */
  async open(
    config: Config,
    how: { readonly resume: boolean; readonly overwrite: boolean; readonly epochs: number },
  ): Promise<SavedRun | undefined> {
    this.config = config;
    const { store } = this;
    if (!store) return undefined;
    await this.lock(store);
    const bytes = await store.read(FILES.checkpoint);
    if (bytes && how.resume) {
      const { tensors, state } = await decodeCheckpoint(bytes, `${store.location}/${FILES.checkpoint}`);
      const record = readRecord(state);
      checkSameConfig(record.config, config, store.location);
      if (record.epoch < how.epochs) await store.remove(FILES.summary);
      await this.writeMetrics(record.history);
      return { record, tensors };
    }
    const found = bytes ? FILES.checkpoint : (await store.read(FILES.summary)) && FILES.summary;
    if (found && !how.overwrite)
      throw new UsageError(
        "exists",
        `${store.location} already holds a run`,
        { file: found },
        bytes
          ? "go on with resume, start afresh with overwrite, or choose another place"
          : "it is finished, and without a checkpoint nothing can go on: start afresh with overwrite, or choose another place",
      );
    await (how.overwrite ? clearRun(store) : clearFormer(store));
    await this.writeMetrics([]);
    return undefined;
  }

  private async lock(store: Store): Promise<void> {
    const unlock = await store.lock();
    if (written.has(store)) {
      await unlock();
      throw new UsageError(
        "misuse",
        "two runs write to one store at once",
        { store: store.location },
        "give each a store of its own",
      );
    }
    written.add(store);
    this.unlock = async () => {
      written.delete(store);
      await unlock();
    };
  }

  /** The store is free for others then. */
  async close(): Promise<void> {
    await this.unlock?.();
  }

  private async writeMetrics(history: readonly EpochMetrics[]): Promise<void> {
    const lines = history.map((m) => `${JSON.stringify(m)}\n`).join("");
    await this.store?.write(FILES.metrics, new TextEncoder().encode(lines));
  }

  async append(metrics: EpochMetrics): Promise<void> {
    await this.store?.append(FILES.metrics, `${JSON.stringify(metrics)}\n`);
  }

  /** @param tensors is asked for only when there is a store to write them to */
  async save(record: Omit<RunRecord, "version" | "config">, tensors: () => Promise<ReadonlyMap<string, Tensor>>) {
    if (!this.store) return;
    const state: RunRecord = { version: 1, config: this.config, ...record };
    await this.store.write(FILES.checkpoint, await encodeCheckpoint({ tensors: await tensors(), state }));
  }
}
