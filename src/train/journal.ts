/** A run's files while it trains: the checkpoint, replaced atomically, and metrics.jsonl, cut back to it on resume. */
import { UsageError } from "../error.ts";
import type { Tensor } from "../graph/types.ts";
import type { EpochMetrics } from "../report/results.ts";
import { decodeCheckpoint, encodeCheckpoint } from "./checkpoint.ts";
import { type Config, checkSameConfig, type RunRecord, readRecord } from "./record.ts";
import { clearRun, FILES } from "./run-files.ts";
import type { Store } from "./store.ts";

export interface SavedRun {
  readonly record: RunRecord;
  readonly tensors: ReadonlyMap<string, Tensor>;
}

/** Without a store every method does nothing. */
export class Journal {
  private readonly store: Store | undefined;
  private config: Config = {};

  constructor(store: Store | undefined) {
    this.store = store;
  }

  /**
   * Readies the store for a run of this configuration.
   * @returns the state to go on from, if there is one and `resume` is set
   * @throws UsageError when the store holds a run that may be neither resumed nor overwritten, or of other settings
   */
  async open(
    config: Config,
    how: { readonly resume: boolean; readonly overwrite: boolean },
  ): Promise<SavedRun | undefined> {
    this.config = config;
    const { store } = this;
    if (!store) return undefined;
    const bytes = await store.read(FILES.checkpoint);
    if (bytes && how.resume) {
      const { tensors, state } = await decodeCheckpoint(bytes, `${store.location}/${FILES.checkpoint}`);
      const record = readRecord(state);
      checkSameConfig(record.config, config, store.location);
      await this.writeMetrics(record.history);
      return { record, tensors };
    }
    if (bytes && !how.overwrite)
      throw new UsageError(
        "exists",
        `${store.location} already holds a run`,
        { file: FILES.checkpoint },
        "go on with resume, start afresh with overwrite, or choose another place",
      );
    if (how.overwrite) await clearRun(store);
    await this.writeMetrics([]);
    return undefined;
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
