/**
 * Trials through a queue: BullMQ on Redis or PostgreSQL hands them to whoever works. The truth stays in the trials' own files: a message may be lost
 * or come twice, a worker may die, the queue may forget everything; who drives the sweep looks at the files and asks again.
 */
import { createHash, randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { EspalierError, UsageError } from "espalier";
import { z } from "zod";
import { type TrialChild, TrialFailure, type TrialOrder } from "./trial-child.ts";

type Trial = Extract<TrialOrder, { type: "trial" }>;

/** Of the package `bullmq`, which whoever uses a queue installs: what is used of it. */
interface QueuedJob {
  readonly returnvalue: unknown;
  getState(): Promise<string>;
  remove(): Promise<void>;
}
export interface OpenQueue {
  add(name: string, data: object, options: object): Promise<unknown>;
  getJob(id: string): Promise<QueuedJob | undefined>;
  on(event: "error", heard: (error: Error) => void): unknown;
  close(): Promise<void>;
}
interface OpenWorker {
  on(event: "error", heard: (error: Error) => void): unknown;
  close(): Promise<void>;
}
interface BullMq {
  /** For PostgreSQL; since 6. */
  readonly createPostgresBackend?: unknown;
  Queue: new (name: string, options: object, backend?: unknown) => OpenQueue;
  Worker: new (
    name: string,
    process: (job: { readonly data: unknown }) => Promise<unknown>,
    options: object,
    backend?: unknown,
  ) => OpenWorker;
}

/** What the queue is called. */
const NAME = "espalier-trials";
/** How long a claim on a trial holds that is not renewed, in milliseconds: so late another worker takes what a killed one had. */
const CLAIMED_FOR = 10_000;
/** How often a trial that somebody else makes is looked at, in milliseconds. */
const LOOK_EVERY = 1000;

const isBullMq = (loaded: unknown): loaded is BullMq =>
  typeof loaded === "object" && loaded !== null && "Queue" in loaded && "Worker" in loaded;

async function bullMq(): Promise<BullMq> {
  const name: string = "bullmq"; // a variable: it need not be installed where no queue is used
  const loaded: unknown = await import(name).catch(() => undefined); // said below
  if (isBullMq(loaded)) return loaded;
  throw new EspalierError(
    "missing",
    "a queue wants the package bullmq",
    { wanted: "bullmq 5 or newer, with ioredis for Redis or pg for PostgreSQL" },
    "npm install bullmq ioredis",
  );
}

/** The two kinds of queue, by how their address begins. */
const kinds: readonly { readonly url: RegExp; connection(url: string): object; backend(bull: BullMq): unknown }[] = [
  {
    url: /^rediss?:\/\//,
    connection: (url) => ({ url, maxRetriesPerRequest: null }),
    backend: () => undefined, // Redis is its own
  },
  {
    url: /^postgres(ql)?:\/\//,
    connection: (url) => ({ connectionString: url, migrate: true }), // its tables, in a schema of their own
    backend({ createPostgresBackend }) {
      if (createPostgresBackend) return createPostgresBackend;
      throw new EspalierError(
        "missing",
        "PostgreSQL wants a newer bullmq",
        { wanted: "bullmq 6 or newer" },
        "npm install bullmq pg",
      );
    },
  },
];

/** @throws UsageError for an address that is none */
function queueKind(url: string): (typeof kinds)[number] {
  const kind = kinds.find((k) => k.url.test(url));
  if (kind) return kind;
  const wanted = "redis://HOST:PORT or postgres://USER:PASSWORD@HOST:PORT/DATABASE";
  throw new UsageError("out-of-range", "there is no such queue", { got: url, wanted });
}

/** Trials that whoever listens to a queue makes. */
export interface TrialQueue {
  /**
   * Puts a trial into the queue and waits until it is as far as the order says.
   * @param isOpen whether it is not yet, by its files
   * @returns false when it was stopped before
   * @throws TrialFailure with the words of the run that failed; what the queue refuses is said, and asked for again
   */
  make(order: Trial, signal: AbortSignal, isOpen: () => Promise<boolean>): Promise<boolean>;
  close(): Promise<void>;
}

const answer = z.object({ failed: z.string() });

/** @throws EspalierError when bullmq is not installed; UsageError for an address that is none */
export async function trialQueue(url: string, say: (line: string) => void): Promise<TrialQueue> {
  const kind = queueKind(url);
  const bull = await bullMq();
  const queue = new bull.Queue(NAME, { connection: kind.connection(url) }, kind.backend(bull));
  return queuedTrials(queue, say);
}

/** Trials through a queue that is open. @param every milliseconds from look to look */
export function queuedTrials(queue: OpenQueue, say: (line: string) => void, every = LOOK_EVERY): TrialQueue {
  const heard = saidOnce(say);
  queue.on("error", heard);
  const call = randomUUID();
  return {
    async make(order, signal, isOpen) {
      const jobId = jobIdOf(order, call);
      while (!signal.aborted) {
        if (!(await isOpen())) return true;
        const failed = await askedFor(queue, jobId, order).catch((error: unknown) =>
          heard(error instanceof Error ? error : new Error(String(error))),
        );
        if (failed !== undefined) throw new TrialFailure(failed);
        await delay(every, undefined, { signal }).catch(() => {}); // stopped meanwhile
      }
      return false;
    },
    close: () => queue.close(),
  };
}

/** No other sweep, and no earlier call of this one, gets its answers: two may have trials of one key in folders of their own. */
function jobIdOf({ out, until }: Trial, call: string): string {
  const hash = createHash("sha256").update(`${out}\n${call}`).digest("hex").slice(0, 16);
  return `${out.split(/[\\/]/).at(-1)}-${until ?? "end"}-${hash}`;
}

/** Sees to it that a trial is in the queue. @returns what it failed with, if it did */
async function askedFor(queue: OpenQueue, jobId: string, order: Trial): Promise<string | undefined> {
  const job = await queue.getJob(jobId);
  const state = await job?.getState();
  const failed = answer.safeParse(job?.returnvalue).data?.failed;
  if (state === "completed" && failed !== undefined) {
    await job?.remove();
    return failed;
  }
  if (state === "completed" || state === "failed") await job?.remove(); // it was done, and is not: once more
  const day = { age: 86_400 };
  const options = {
    jobId,
    attempts: 1000,
    backoff: { type: "fixed", delay: 5000 },
    removeOnComplete: day,
    removeOnFail: day,
  };
  if (!job || state === "completed" || state === "failed" || state === "unknown")
    await queue.add("trial", order, options);
  return undefined;
}

const orders = z.object({
  type: z.literal("trial"),
  settings: z.record(z.string(), z.unknown()),
  out: z.string().min(1),
  until: z.int().min(1).optional(),
  from: z.string().min(1).optional(),
});

/** What a worker is given. */
interface Listening {
  readonly children: readonly TrialChild[];
  readonly signal: AbortSignal;
  /** From what a message says to the settings of a run. */
  readonly read: (settings: Readonly<Record<string, unknown>>) => Trial["settings"];
  readonly textOf: (error: unknown) => string;
  readonly say: (line: string) => void;
}

/**
 * Makes trials that come through a queue, each in a child process, so that the worker renews its claim while they compute.
 * @returns when it is stopped
 * @throws EspalierError when bullmq is not installed; UsageError for an address that is none
 */
export async function workForQueue(url: string, { children, signal, read, textOf, say }: Listening): Promise<void> {
  const idle = [...children];
  const make = async ({ data }: { readonly data: unknown }): Promise<unknown> => {
    const { settings, ...order } = orders.parse(data);
    const child = idle.pop();
    if (!child) throw new Error("internal: more trials than children");
    say(`${order.out}, ${order.until === undefined ? "to its end" : `to epoch ${order.until}`}`);
    try {
      if (await child.make({ ...order, settings: read(settings) }, signal, () => {})) return {};
    } catch (error) {
      say(`${order.out} failed: ${textOf(error).split("\n")[0]}`);
      if (!(error instanceof TrialFailure || error instanceof UsageError)) throw error; // this machine's: another one may make it
      return { failed: textOf(error) };
    } finally {
      idle.push(child);
    }
    throw new Error("stopped"); // the queue gives it to another one
  };
  const kind = queueKind(url);
  const bull = await bullMq();
  const options = {
    connection: kind.connection(url),
    concurrency: children.length,
    maxStalledCount: 1_000_000,
    lockDuration: CLAIMED_FOR,
    stalledInterval: CLAIMED_FOR / 2,
  };
  const worker = new bull.Worker(NAME, make, options, kind.backend(bull));
  worker.on("error", saidOnce(say));
  if (!signal.aborted)
    await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
  await worker.close();
}

/** A connection that is lost is tried for again and again: it is said once. */
function saidOnce(say: (line: string) => void): (error: Error) => void {
  let last = "";
  return ({ message }) => {
    if (message !== last) say(`the queue: ${message}`);
    last = message;
  };
}
