/** The worker's side of worker.ts: each message asks for one more batch, which is moved, not copied, to the asker. */
import { parentPort, workerData } from "node:worker_threads";
import { prepare } from "../data/batches.ts";
import type { SampleSource } from "../data/split.ts";
import { sentError } from "./sent-error.ts";
import type { Reply, Task } from "./worker.ts";

const port = parentPort;
if (!port) throw new Error("internal: worker-main.ts runs only as a worker");
const { split, plan, again } = workerData as Task;

async function made(): Promise<SampleSource | undefined> {
  if (!again) return undefined;
  const { default: make } = await import(again.module);
  return make(again.given);
}
const started = made().then((source) => prepare({ ...split, ...(source && { source }) }, plan));
started.catch(() => {}); // told to whoever asks for a batch

async function reply(): Promise<Reply> {
  try {
    const { value, done } = await (await started).next();
    return done ? { done } : { batch: value };
  } catch (error) {
    return { failed: sentError(error) };
  }
}

let last: Promise<void> = Promise.resolve();
port.on("message", () => {
  const next = reply(); // asked for at once, answered in its turn
  last = last.then(async () => {
    const answer = await next;
    const arrays = "batch" in answer ? [answer.batch.x, answer.batch.y, ...Object.values(answer.batch.more ?? {})] : [];
    port.postMessage(
      answer,
      arrays.map(({ buffer }) => buffer as ArrayBuffer),
    );
  });
});
