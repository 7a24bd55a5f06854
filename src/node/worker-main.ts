/** The worker's side of worker.ts: each message asks for one more batch, which is moved, not copied, to the asker. */
import { parentPort, workerData } from "node:worker_threads";
import { prepare } from "../data/batches.ts";
import type { Reply, Task } from "./worker.ts";

const port = parentPort;
if (!port) throw new Error("internal: worker-main.ts runs only as a worker");
const { split, plan } = workerData as Task;
const prepared = prepare(split, plan);

port.on("message", () => {
  const { value, done } = prepared.next();
  const reply: Reply = done ? { done } : { batch: value };
  const arrays = "batch" in reply ? [reply.batch.x, reply.batch.y, ...Object.values(reply.batch.more ?? {})] : [];
  port.postMessage(
    reply,
    arrays.map(({ buffer }) => buffer as ArrayBuffer),
  );
});
