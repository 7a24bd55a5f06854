/** What layers save of a model's time, for the commands that come to one. */
import {
  counted,
  type Engine,
  LATENCY,
  type LatencyReached,
  type LatencyTable,
  type LatencyTableOptions,
  latencyTable,
  type Model,
  milliseconds,
  percent,
  type Store,
  savedLatencyTable,
  significant,
} from "espalier";
import { latencyCache } from "espalier/node";
import type { RunChoices } from "../settings/choices.ts";
import type { Output } from "../terminal/output.ts";

/** The user's cache, and one line in a terminal that is redrawn. */
export const latencyReporter = (out: Output): Pick<LatencyTableOptions, "cache" | "onProgress"> => ({
  cache: latencyCache(),
  onProgress({ done, total }) {
    const line = `timing narrower layers: ${done} of ${total}`;
    if (out.stream.isTTY) out.redraw(done < total ? line : `${line}\n`);
    else if (done === total) out.say(line);
  },
});

interface Opened {
  readonly model: Model;
  readonly engine: Engine;
  readonly store: Store;
  readonly out: Output;
}

/** The table of a run that is steered to a time: its own where it goes on, else measured now. */
export async function openLatency(
  s: RunChoices,
  { model, engine, store, out }: Opened,
): Promise<LatencyTable | undefined> {
  if (s.targetLatency === undefined) return undefined;
  const saved = s.resume ? await store.read(LATENCY) : undefined;
  if (saved) return savedLatencyTable(JSON.parse(new TextDecoder().decode(saved)));
  const { freeze, trainOnly, latencyBatch } = s;
  const how = {
    ...(latencyBatch !== undefined && { batch: latencyBatch }),
    ...(s.groups === "headWidth" && { groups: s.groups }), // what dies together is what is timed, and cut
  };
  const table = await latencyTable(model, { engine, freeze, trainOnly, ...how, ...latencyReporter(out) });
  out.say(`the model takes ${milliseconds(table.ms)} at batch ${table.batch}`);
  return table;
}

/** "takes 1.98 ms (1.95 … 2.02) at batch 1 with 1 thread, 49.6 % of the full model's (48.9 … 50.3 %); 2.00 ms were asked for" */
export const takesText = ({ small, share, wanted, batch, threads }: LatencyReached): string => {
  const range = (text: (x: number) => string) => `(${text(share.low)} … ${text(share.high)})`;
  const time = `${milliseconds(small.value)} (${significant(small.low)} … ${significant(small.high)})`;
  return `takes ${time} at batch ${batch} with ${counted(threads, "thread")}, ${percent(share.value, 1)} of the full model's time ${range((x) => percent(x, 1))}; ${milliseconds(wanted)} were asked for`;
};
