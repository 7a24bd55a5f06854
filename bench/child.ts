/** Programs that a benchmark is timed beside: child processes that answer a line of JSON with one. */
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

/** A program that says what it is in its first line, then answers each line with a line. */
export interface Child<Ready> {
  /** Its first line. */
  readonly ready: Ready;
  /** @throws Error with what the program says went wrong */
  ask<T>(what: unknown): Promise<T>;
  close(): Promise<void>;
}

/**
 * Starts a program, and waits until it is ready.
 * @param limit seconds that this may take. Default: any
 * @throws Error when it cannot be started, ends early, is not ready in time, or says {"error": …}
 */
export async function lineChild<Ready>(
  program: string,
  args: readonly string[],
  limit?: number,
): Promise<Child<Ready>> {
  const child = spawn(program, args, { stdio: ["pipe", "pipe", "inherit"] });
  const late = limit === undefined ? undefined : setTimeout(() => child.kill("SIGKILL"), limit * 1000);
  const missing = new Promise<never>((_, reject) => {
    child.once("error", () => reject(new Error(`cannot run ${program}`)));
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();

  const next = async <T>(): Promise<T> => {
    const { value } = await Promise.race([lines.next(), missing]);
    const reply: T & { readonly error?: string } =
      value === undefined ? { error: `${program} ended early` } : JSON.parse(value);
    if (reply.error) throw new Error(child.killed ? `not ready within ${limit} s` : reply.error);
    return reply;
  };

  const ready = await next<Ready>();
  clearTimeout(late);
  return {
    ready,
    ask(what) {
      child.stdin.write(`${JSON.stringify(what)}\n`);
      return next();
    },
    async close() {
      const ended = new Promise((resolve) => child.once("exit", resolve));
      child.stdin.end();
      await ended;
    },
  };
}
