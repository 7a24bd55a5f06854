/** Who holds a lock, and whether that process is still there. */
import { createHash } from "node:crypto";
import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";
import { z } from "zod";
import { codeOf } from "./system-error.ts";

const schema = z.object({
  host: z.string(),
  /** Tells two machines, or two containers, of one host name apart. Only Linux has it. */
  machine: z.string().optional(),
  pid: z.int().min(1),
  /** When the process began, in the system's own count. Only Linux has it: a number that is used again is told apart. */
  began: z.string().optional(),
  /** When the lock was taken, ISO 8601. */
  since: z.string(),
});

/** The process that holds a lock. */
export type LockOwner = z.infer<typeof schema>;

/** What the system says, where it is asked in this way. */
function told(ask: () => string): string | undefined {
  try {
    return ask().trim();
  } catch {
    return undefined;
  }
}

/** The kernel since it was booted, and the space in which its process numbers count. */
const machine = (): string | undefined =>
  told(() => `${readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim()} ${processSpace()}`);

const processSpace = (): string | undefined => told(() => readlinkSync("/proc/self/ns/pid"));

/** Tells the machine and the space in which its process numbers count from others, in a few characters; the same after a restart. */
export const machineCode = (): string =>
  createHash("sha256").update(`${hostname()} ${processSpace()}`).digest("hex").slice(0, 8);

/** State and beginning of a process, fields 3 and 22 of /proc/PID/stat; the second, the name in brackets, may hold anything. */
function statusOf(pid: number): { readonly state: string; readonly began: string } | undefined {
  const fields = told(() => readFileSync(`/proc/${pid}/stat`, "utf8"))
    ?.split(") ")
    .at(-1)
    ?.split(" ");
  return fields && { state: fields[0], began: fields[19] };
}

/** This process, as the owner of a lock that it takes now. */
export const thisProcess = (): LockOwner => ({
  host: hostname(),
  machine: machine(),
  pid: process.pid,
  began: statusOf(process.pid)?.began,
  since: new Date().toISOString(),
});

/** @returns undefined for what is no owner of this version */
export function readOwner(text: string): LockOwner | undefined {
  try {
    return schema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

/** Of processes that were killed, whose parent has not asked how they ended. */
const ENDED: readonly string[] = ["Z", "X"];

/** What is known of a process from here. */
export type Life = "dead" | "alive" | "unknown";

/** Whether a process runs on this machine. */
export function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return codeOf(error) !== "ESRCH"; // EPERM: somebody else's
  }
}

/** Of another machine nothing is known; nor of a running process whose beginning is not told, for its number may be another's. */
export function lifeOf(owner: LockOwner | undefined): Life {
  if (!owner || owner.host !== hostname() || owner.machine !== machine()) return "unknown";
  if (!isRunning(owner.pid)) return "dead";
  const status = statusOf(owner.pid);
  if (!status) return owner.pid === process.pid ? "alive" : "unknown";
  return status.began === owner.began && !ENDED.includes(status.state) ? "alive" : "dead";
}
