/** A run as a live page, for the machine that it runs on alone. */
import { aFunction, aNumber, anObject, aText, maybe, wants } from "../given.ts";
import type { EpochMetrics } from "../report/results.ts";
import type { Run } from "../train/run.ts";
import { liveContent } from "./live-page.ts";
import { LiveServer } from "./live-server.ts";

/** Options of `watch`. */
export interface WatchOptions {
  /** 0 … 65535. Default 0: one that is free. */
  readonly port?: number;
  /** Of the page. Default: the model's name on the data's. */
  readonly title?: string;
  /** Hears the page's address before the run begins. */
  readonly onAddress?: (url: string) => void;
  /** What is iterated in place of the run itself, such as `tensorboard(run, …)`. */
  readonly epochs?: AsyncIterable<EpochMetrics>;
}

/**
 * Trains a run and shows its charts as a page that follows it, on this machine's loopback only. Iterate it in place of the run:
 * ```ts
 * for await (const epoch of watch(run, { onAddress: console.log })) console.log(epoch.loss);
 * ```
 * The page goes with the run.
 * @throws as the run itself; UsageError for a port out of range; EspalierError when the port cannot be had
 */
export async function* watch(run: Run, options: WatchOptions = {}): AsyncGenerator<EpochMetrics> {
  wants(
    "watch",
    ["run", anObject, run],
    ["run", anObject, run, "options"],
    ["options", anObject, options],
    ["port", maybe(aNumber), options, "port"],
    ["title", maybe(aText), options, "title"],
    ["onAddress", maybe(aFunction), options, "onAddress"],
    ["epochs", maybe(anObject), options, "epochs"],
  );
  const { port = 0, title = `${run.model.graph.name} on ${run.data.name}`, onAddress, epochs = run } = options;
  const live = new LiveServer(title, "This page follows the run and goes with it.");
  const show = async () => live.show((await liveContent(run)).text);
  const url = await live.open(port);
  onAddress?.(url);
  try {
    await show();
    for await (const epoch of epochs) {
      await show();
      yield epoch;
    }
  } finally {
    await live.close(run.finished ? "The run is over." : "The run was stopped.");
  }
}
