/**
 * Batches prepared ahead in a worker thread (Node only), the same bytes as `batches` gives. The data is shared, not
 * copied; each batch is moved to the asker. The worker holds at most a few batches ready and never keeps the process
 * alive by itself.
 */
import { Worker } from "node:worker_threads";
import { AHEAD } from "../data/ahead.ts";
import { type Batch, type BatchPlan, batches, checkPlan, type Loader } from "../data/batches.ts";
import { type Numbers, ofEach, type SampleSource, type Split } from "../data/split.ts";
import { receivedError, type SentError } from "./sent-error.ts";

export interface Task {
  /** Without its source, which is made again. */
  readonly split: Split;
  readonly plan: Omit<BatchPlan, "signal">;
  readonly again?: SampleSource["again"];
}

export type Reply = { readonly batch: Batch } | { readonly done: true } | { readonly failed: SentError };

type Result = IteratorResult<Batch, undefined>;

/** Checks the plan at once; the worker starts with the first batch that is asked for. */
const workerBatches: Loader = (split, plan) => {
  if (split.source && !split.source.again) return batches(split, plan); // nothing that a thread could be given
  checkPlan(split, plan);
  return { [Symbol.asyncIterator]: () => new BatchWorker(split, plan) };
};

/** The default in Node. Node 20 cannot run a worker from TypeScript source, so there it is done in-process. */
export const batchesAhead: Loader = import.meta.url.endsWith(".ts") ? batches : workerBatches;

class BatchWorker implements AsyncIterator<Batch, undefined> {
  private readonly split: Split;
  private readonly plan: BatchPlan;
  private worker: Worker | undefined;
  private readonly ready: Batch[] = [];
  private readonly waiting: { resolve: (r: Result) => void; reject: (reason: unknown) => void }[] = [];
  private ended = false;
  private failure: { readonly reason: unknown } | undefined;
  private readonly abort = (): void => {
    this.end({ reason: this.plan.signal?.reason });
  };

  constructor(split: Split, plan: BatchPlan) {
    this.split = split;
    this.plan = plan;
  }

  async next(): Promise<Result> {
    if (!this.worker && !this.ended) this.start();
    const batch = this.ready.shift();
    if (batch) {
      this.worker?.postMessage("more");
      return { value: batch, done: false };
    }
    if (this.failure) throw this.failure.reason;
    if (this.ended) return { value: undefined, done: true };
    this.worker?.ref(); // somebody waits for it now
    return new Promise((resolve, reject) => this.waiting.push({ resolve, reject }));
  }

  async return(): Promise<Result> {
    this.ready.length = 0;
    await this.end();
    return { value: undefined, done: true };
  }

  private start(): void {
    const { signal, ...plan } = this.plan;
    if (signal?.aborted) return void this.end({ reason: signal.reason });
    signal?.addEventListener("abort", this.abort, { once: true });
    const { source, origin: _, ...split } = shareSplit(this.split);
    const workerData: Task = { split, plan, again: source?.again };
    // Without the process's own flags, some of which (--input-type) forbid to run a file.
    const worker = new Worker(new URL("./worker-main.js", import.meta.url), { workerData, execArgv: [] });
    worker.unref();
    worker.on("message", (reply: Reply) => this.receive(reply));
    worker.on("error", (reason) => this.end({ reason }));
    worker.on("exit", (code) => this.end({ reason: new Error(`the batch worker ended with status ${code}`) }));
    for (let i = 0; i < AHEAD; i++) worker.postMessage("more");
    this.worker = worker;
  }

  private receive(reply: Reply): void {
    if ("done" in reply) return void this.end();
    if ("failed" in reply) return void this.end({ reason: receivedError(reply.failed), inTurn: true });
    const asker = this.waiting.shift();
    if (!asker) return void this.ready.push(reply.batch);
    this.worker?.postMessage("more");
    asker.resolve({ value: reply.batch, done: false });
    if (this.waiting.length === 0) this.worker?.unref();
  }

  /** Stops the worker and settles everybody who waits; what is ready can still be had, unless it failed out of its turn. */
  private async end(failure?: { readonly reason: unknown; readonly inTurn?: boolean }): Promise<void> {
    if (this.ended) return;
    this.ended = true;
    this.failure = failure;
    if (failure && !failure.inTurn) this.ready.length = 0;
    this.plan.signal?.removeEventListener("abort", this.abort);
    for (const { resolve, reject } of this.waiting.splice(0))
      if (failure) reject(failure.reason);
      else resolve({ value: undefined, done: true });
    await this.worker?.terminate();
  }
}

const copies = new WeakMap<object, Numbers>();

/** The samples where threads can share them; what is read from a source stays there. */
export const shareSplit = (split: Split): Split => ({ ...split, ...ofEach(split, share) });

/** The array itself if threads can share it, else a copy that they can, made once. */
function share<T extends Numbers>(array: T): T {
  if (array.buffer instanceof SharedArrayBuffer) return array;
  let copy = copies.get(array) as T | undefined;
  if (!copy) {
    const shared = new SharedArrayBuffer(array.byteLength);
    copy = new (array.constructor as new (buffer: SharedArrayBuffer) => T)(shared);
    copy.set(array);
    copies.set(array, copy);
  }
  return copy;
}
