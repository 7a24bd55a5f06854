/** PyTorch's side of the step benchmark: a child process that times steps when it is told to. */
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import type { BenchTask, TimedSide, Timing } from "./ours.ts";

interface Reply extends Partial<Timing> {
  readonly version?: string;
  readonly error?: string;
}

/**
 * Starts the child for a task.
 * @param python the interpreter
 * @param script the path of step_torch.py
 * @throws Error saying what is missing when there is no such interpreter or it has no torch
 */
export async function torch(python: string, script: string, task: BenchTask): Promise<TimedSide> {
  const child = spawn(python, [script, JSON.stringify(task)], { stdio: ["pipe", "pipe", "inherit"] });
  const missing = new Promise<never>((_, reject) => {
    child.once("error", () => reject(new Error(`cannot run ${python}`)));
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();

  const next = async (): Promise<Reply> => {
    const { value } = await Promise.race([lines.next(), missing]);
    const reply: Reply = value === undefined ? { error: `${python} ended early` } : JSON.parse(value);
    if (reply.error) throw new Error(reply.error);
    return reply;
  };

  const { version } = await next();
  return {
    version: `PyTorch ${version}`,
    async steps(n) {
      child.stdin.write(`${n}\n`);
      const { ms, loss } = await next();
      return { ms: ms!, loss: loss! };
    },
    async close() {
      child.stdin.end();
    },
  };
}
