/** Espalier's command line as a process of its own, as a user has it: ended by signals, on small disks, with hostile words. */
import { spawn } from "node:child_process";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { projectFolder } from "./place.ts";
import { WrongResult } from "./suite.ts";

const main = join(projectFolder(), "dist", "cli", "main.js");
/** Loaded before the command line: says at the end what the process took. */
const usage = `data:text/javascript,${encodeURIComponent(
  'import{writeSync}from"node:fs";process.on("exit",()=>{const{user,system}=process.cpuUsage();writeSync(3,JSON.stringify({processorMs:(user+system)/1000,peakMb:process.resourceUsage().maxRSS/1024}))})',
)}`;

/** A signal, and how long after the start of the process it is sent. */
interface Stop {
  readonly signal: NodeJS.Signals;
  readonly afterMs: number;
}

export interface Ended {
  /** null where a signal ended it. */
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly ms: number;
  /** What it took; absent where it was killed. */
  readonly took?: { readonly processorMs: number; readonly peakMb: number };
}

export interface RunCommand {
  readonly folder?: string;
  readonly stops?: readonly Stop[];
  /** Seconds after which it counts as hanging and is killed. Default 120. */
  readonly seconds?: number;
}

const textOf = async (stream: Readable): Promise<string> => (await stream.setEncoding("utf8").toArray()).join("");

/** @throws WrongResult when it does not end */
export async function espalier(
  args: readonly string[],
  { folder, stops = [], seconds = 120 }: RunCommand = {},
): Promise<Ended> {
  const began = performance.now();
  const child = spawn(process.execPath, ["--import", usage, main, ...args], {
    cwd: folder,
    stdio: ["ignore", "pipe", "pipe", "pipe"],
    env: { ...process.env, ORT_DISABLE_TELEMETRY: "1", NO_COLOR: "1", ESPALIER_DEBUG: "1" },
  });
  const timers = stops.map(({ signal, afterMs }) => setTimeout(() => child.kill(signal), afterMs));
  let late = false;
  timers.push(
    setTimeout(() => {
      late = true;
      child.kill("SIGKILL");
    }, seconds * 1000),
  );
  const texts = [child.stdout!, child.stderr!, child.stdio[3] as Readable].map(textOf);
  const [status, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve, reject) => {
    child.on("error", reject);
    child.on("exit", (...how) => resolve(how));
  });
  for (const timer of timers) clearTimeout(timer);
  const [stdout, stderr, took] = await Promise.all(texts);
  if (late) throw new WrongResult(`espalier ${args.join(" ")} does not end in ${seconds} s`);
  return { status, signal, stdout, stderr, ms: performance.now() - began, ...(took && { took: JSON.parse(took) }) };
}

/** What no command may say, whatever it was told: an exception that is none of ours, or Node.js's own last words. */
const FAULT = /^error: (?!EspalierError: )\w*Error: .*|^error: internal: .*|^Node\.js v\d+.*/m;

/** @throws WrongResult for an end that no command may have, whatever it was told */
export function checkEnd(args: readonly string[], { status, signal, stderr, took }: Ended): void {
  const said = `espalier ${args.map((a) => JSON.stringify(a.slice(0, 60))).join(" ")}`;
  const fault = FAULT.exec(stderr)?.[0];
  if (fault) throw new WrongResult(`${fault} — ${said}\n${stderr}`);
  if (signal !== null || ![0, 1, 2].includes(status!))
    throw new WrongResult(`it ended with ${signal ?? status} — ${said}\n${stderr}`);
  if (took && took.peakMb > 1024) throw new WrongResult(`it took ${took.peakMb.toFixed(0)} MB — ${said}`);
}
