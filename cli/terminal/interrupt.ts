/**
 * What stops a run: Ctrl-C, a terminal that is closed, output that nobody reads any more. The first finishes the step, and training keeps
 * a checkpoint; a second signal ends at once.
 */
import type { Output } from "./output.ts";

/** By the numbers that a shell reports: 128 + the signal's. */
const STATUS = { SIGHUP: 129, SIGINT: 130, SIGPIPE: 141, SIGTERM: 143 } as const;
const SIGNALS = ["SIGHUP", "SIGINT", "SIGTERM"] as const;

export interface Interruption {
  readonly signal: AbortSignal;
  /** The exit status if it happened. */
  readonly status: () => number | undefined;
  /** The exit status if what the command says was not read to its end. */
  readonly unheard: () => number | undefined;
  /** Back to the system's way of handling signals. */
  release(): void;
}

/** @param stopping what the first Ctrl-C brings about */
export function interruption(
  say: (line: string) => void,
  stopping = "stopping after this step, with a checkpoint",
): Interruption {
  const controller = new AbortController();
  let status: number | undefined;
  let unheard: number | undefined;
  const handle = (name: (typeof SIGNALS)[number]) => {
    if (status !== undefined) process.exit(STATUS[name]);
    status = STATUS[name];
    say(`${stopping}; once more to stop at once …`);
    controller.abort();
  };
  const close = (error: NodeJS.ErrnoException) => {
    if (unheard !== undefined) return; // what is said now is not heard either
    unheard = error.code === "EPIPE" ? STATUS.SIGPIPE : 1;
    process.exitCode = unheard; // the last words may be those that are not heard
    status ??= unheard;
    say(`nobody reads the output any more: ${stopping} …`);
    controller.abort();
  };
  for (const name of SIGNALS) process.on(name, handle);
  for (const stream of [process.stdout, process.stderr]) stream.on("error", close);
  return {
    signal: controller.signal,
    status: () => status,
    unheard: () => unheard,
    release() {
      for (const name of SIGNALS) process.off(name, handle);
    },
  };
}

/**
 * Runs a command that writes nothing before it is done, so that nothing is left of one that is stopped.
 * @returns the exit status
 */
export async function allOrNothing(out: Output, work: (signal: AbortSignal) => Promise<void>): Promise<number> {
  const interrupt = interruption((line) => out.warn(line), "stopping without writing anything");
  try {
    await work(interrupt.signal);
    return 0;
  } catch (e) {
    if (!interrupt.signal.aborted || e !== interrupt.signal.reason) throw e;
    out.result({ interrupted: true }, "stopped; nothing was written");
    return interrupt.status() ?? 1;
  } finally {
    interrupt.release();
  }
}

/** The result of what was stopped: how to go on. Where nobody reads results, that is said aside. */
export function sayStopped<R extends { readonly resume: string }>(
  result: R,
  out: Output,
  { unheard }: Interruption,
): void {
  const text = `stopped; go on with\n  ${result.resume}`;
  if (unheard() === undefined) out.result(result, text);
  else out.warn(text);
}
