/** Work of many runs, a few at a time: what fails does not stop the rest, and a stop leaves what is unfinished for the next call. */

/** What to do next: a job; `WAIT` while that hangs on jobs that others do; undefined when there is nothing left. */
type NextJob<J> = J | typeof WAIT | undefined;
export const WAIT = Symbol("wait");

/** How jobs are found and done. */
export interface Working<J> {
  /** Asked whenever there is room for a job. */
  next(): NextJob<J> | Promise<NextJob<J>>;
  /** @returns whether it was done, well or not; false when it was stopped */
  work(job: J): Promise<boolean>;
  /** A job that was taken and is not begun, because of a stop or a failure meanwhile. Default: nothing is to be done. */
  giveBack?(job: J): Promise<void>;
  /** Jobs at once. Default 1. */
  readonly parallel?: number;
  /** Milliseconds until it is asked again while it is to wait, unless a job of this call ends before. Default 1000. */
  readonly every?: number;
  /** Takes no further job. */
  readonly signal?: AbortSignal;
}

/**
 * Does jobs until there are none left.
 * @returns whether it was stopped before
 * @throws what `next`, `work` or `giveBack` throws, once the jobs that run beside it have ended
 */
export async function workThrough<J>({
  next,
  work,
  giveBack,
  parallel = 1,
  every = 1000,
  signal,
}: Working<J>): Promise<boolean> {
  const running = new Set<Promise<void>>();
  let stopped = false;
  let failure: { readonly error: unknown } | undefined;
  const begin = (job: J) => {
    const ended = work(job)
      .then((done) => void (stopped ||= !done))
      .catch((error: unknown) => void (failure ??= { error }))
      .finally(() => running.delete(ended));
    running.add(ended);
  };
  const take = async (): Promise<NextJob<J>> => {
    try {
      return await next();
    } catch (error) {
      failure ??= { error };
      return undefined;
    }
  };
  for (;;) {
    const job = await take();
    if (job === undefined && running.size === 0) break;
    if (signal?.aborted && (job !== undefined || running.size > 0)) stopped = true;
    if (stopped || failure) {
      if (job !== undefined && job !== WAIT) await giveBack?.(job).catch((error: unknown) => (failure ??= { error }));
      break;
    }
    if (job !== undefined && job !== WAIT) begin(job);
    if (job === undefined || job === WAIT || running.size >= parallel)
      await oneOf(running, job === WAIT ? every : undefined, signal);
  }
  while (running.size > 0) await Promise.all(running);
  if (failure) throw failure.error;
  return stopped;
}

/** Until one of the jobs ends, the time is over, or a stop is asked for. */
async function oneOf(
  running: ReadonlySet<Promise<void>>,
  every: number | undefined,
  signal?: AbortSignal,
): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let heard = () => {};
  const others = new Promise<void>((resolve) => {
    heard = resolve;
    if (every !== undefined) timer = setTimeout(resolve, every);
    if (every !== undefined) signal?.addEventListener("abort", heard, { once: true });
  });
  await Promise.race([...running, others]);
  clearTimeout(timer);
  signal?.removeEventListener("abort", heard);
}

/** How the failure of a run is taken. */
export interface Failing {
  readonly signal?: AbortSignal;
  /** The text of an error that a run failed with. Default: its message. */
  readonly textOf?: (error: unknown) => string;
  /** Errors that stop all of the work. Default: none. */
  readonly isFatal?: (error: unknown) => boolean;
}

/** A run that ended. */
export interface RunOutcome<R> {
  /** Wall time. */
  readonly seconds: number;
  readonly result?: R;
  readonly error?: string;
}

const messageOf = (e: unknown): string => (e instanceof Error ? e.message : String(e));

/**
 * Makes one run.
 * @param make gives undefined when it was stopped
 * @returns undefined when it was stopped
 * @throws what it fails with, if that is fatal
 */
export async function runOutcome<R>(
  make: () => Promise<R | undefined>,
  { signal, textOf = messageOf, isFatal }: Failing,
): Promise<RunOutcome<R> | undefined> {
  const begun = performance.now();
  const seconds = () => (performance.now() - begun) / 1000;
  try {
    const result = await make();
    return result === undefined ? undefined : { seconds: seconds(), result };
  } catch (e) {
    if (signal?.aborted && e === signal.reason) return undefined;
    if (isFatal?.(e)) throw e;
    return { seconds: seconds(), error: textOf(e) };
  }
}
