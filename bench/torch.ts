/** PyTorch's side of the benchmarks: child processes of the interpreter that a flag names. */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { root } from "./arguments.ts";
import { lineChild } from "./child.ts";
import type { BenchTask, TimedSide, Timing } from "./ours.ts";

/** A script of bench/ that answers a line with a line. */
export interface TorchChild {
  readonly version: string;
  /** @throws Error with what the script says went wrong */
  ask<T>(what: unknown): Promise<T>;
  close(): Promise<void>;
}

const script = (name: string): string => join(root(), "bench", name);

/**
 * Starts a script of bench/ with a task, and waits until it is ready.
 * @param python the interpreter
 * @param limit seconds that this may take. Default: any
 * @throws Error saying what is missing when there is no such interpreter or it has no torch, and what failed
 */
export async function torchChild(python: string, name: string, task: object, limit?: number): Promise<TorchChild> {
  const { ready, ask, close } = await lineChild<{ version: string }>(
    python,
    [script(name), JSON.stringify(task)],
    limit,
  );
  return { version: ready.version, ask, close };
}

/** PyTorch, ready to take steps. */
export interface TorchSide extends TimedSide {
  /** Bytes of memory that the process has had at most; after the first steps. */
  peak(): number | undefined;
}

/**
 * PyTorch's side of a task, its first step behind it.
 * @param compile through torch.compile. Default false
 * @throws Error as `torchChild` does
 */
export async function torch(
  python: string,
  task: BenchTask & { readonly compile?: boolean },
  limit?: number,
): Promise<TorchSide> {
  const child = await torchChild(python, "step_torch.py", task, limit);
  let peak: number | undefined;
  return {
    version: `PyTorch ${child.version}`,
    async steps(n) {
      const { ms, loss, peak: now } = await child.ask<Timing & { readonly peak: number }>(n);
      peak = now;
      return { ms, loss };
    },
    peak: () => peak,
    close: () => child.close(),
  };
}

/**
 * Has PyTorch's exporter write the networks that are not built in.
 * @param folder where to
 * @throws Error with what the interpreter said
 */
export const exportNetworks = async (python: string, folder: string): Promise<void> =>
  void (await promisify(execFile)(python, [script("step_networks.py"), folder]));
