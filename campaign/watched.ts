/** A worker process and those who watch it: it is ended, and what it did reported, when a case takes too much or never ends. */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import type { Found, Order, Pulse, Report } from "./protocol.ts";

/** What a case may take. */
export interface Limits {
  readonly processorSeconds: number;
  readonly seconds: number;
  readonly megabytes: number;
}

/** A process holds on to what it once took; above this it is replaced, so that a case's memory is its own. */
const WORN_MB = 450;
/** What JavaScript's own heap may hold: garbage that nobody needs is no memory that a case takes. */
const HEAP_MB = 768;

const stopped = (limit: string): Pick<Found, "message" | "place"> => ({
  message: limit,
  place: "where it was stopped",
});

export class WatchedWorker {
  private readonly modulePath: string;
  private child: ChildProcess | undefined;
  private stderr = "";
  private pulse: Pulse | undefined;

  /** @param suites URL of the module that exports them */
  constructor(suites: string) {
    this.modulePath = suites;
  }

  /** Starts the process, when there is none. */
  async begin(): Promise<ChildProcess> {
    if (this.child) return this.child;
    const file = fileURLToPath(new URL("./worker.js", import.meta.url));
    const child = fork(file, [this.modulePath], {
      stdio: ["ignore", "ignore", "pipe", "ipc", "pipe"],
      execArgv: [`--max-old-space-size=${HEAP_MB}`],
      env: { ...process.env, ORT_DISABLE_TELEMETRY: "1", NO_COLOR: "1" },
    });
    this.stderr = "";
    child.stderr!.on("data", (text: Buffer) => {
      this.stderr = (this.stderr + text.toString()).slice(-4000);
    });
    createInterface({ input: child.stdio[4] as Readable }).on("line", (line) => {
      this.pulse = JSON.parse(line) as Pulse;
    });
    const ended = once(child, "exit").then(() => {
      throw new Error(`a worker did not start:\n${this.stderr}`);
    });
    await Promise.race([once(child, "message"), ended]);
    this.child = child;
    return child;
  }

  /** Tries a case. */
  async attempt(order: Order, limits: Limits): Promise<Report> {
    const child = await this.begin();
    this.pulse = undefined;
    const report = await this.watch(child, order, limits);
    if (isSpent(report)) await this.end();
    return report;
  }

  private watch(child: ChildProcess, order: Order, limits: Limits): Promise<Report> {
    return new Promise((resolve) => {
      const began = performance.now();
      let exceeded: Found | undefined;
      const seen = (): Pulse | undefined => (this.pulse?.index === order.index ? this.pulse : undefined);
      const timer = setInterval(() => {
        exceeded ??= excess(seen(), (performance.now() - began) / 1000, limits);
        if (exceeded) child.kill("SIGKILL");
      }, 50);
      const finish = (report: Report) => {
        clearInterval(timer);
        child.off("message", answered);
        child.off("exit", exited);
        resolve(report);
      };
      const answered = (report: Report) => finish(report.found ? report : { ...report, found: late(report, limits) });
      const exited = (code: number | null, signal: string | null) => {
        const { processorMs = 0, residentMb = 0 } = seen() ?? {};
        const message = `the process ended with ${signal ?? `status ${code}`}: ${reasonIn(this.stderr)}`;
        const found = exceeded ?? {
          kind: "crash" as const,
          message,
          place: placeInCrash(this.stderr),
          stack: this.stderr,
        };
        finish({ index: order.index, found, processorMs, peakMb: residentMb, residentMb });
      };
      child.on("message", answered);
      child.on("exit", exited);
      child.send(order);
    });
  }

  /** Ends the process; the next case gets a new one. */
  async end(): Promise<void> {
    const { child } = this;
    this.child = undefined;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    child.kill("SIGKILL");
    await once(child, "exit");
  }
}

/** Whether the process may not go on to another case. */
const isSpent = ({ found, residentMb }: Report): boolean =>
  residentMb > WORN_MB || (found !== undefined && found.kind !== "exception" && found.kind !== "difference");

/** What a case that runs has taken too much of. */
function excess(pulse: Pulse | undefined, seconds: number, limits: Limits): Found | undefined {
  if (pulse && pulse.processorMs > limits.processorSeconds * 1000)
    return { kind: "hang", ...stopped(`more than ${limits.processorSeconds} s of processor time`) };
  if (seconds > limits.seconds) return { kind: "hang", ...stopped(`no answer in ${limits.seconds} s`) };
  if (pulse && pulse.residentMb > limits.megabytes)
    return { kind: "memory", ...stopped(`more than ${limits.megabytes} MB of memory`) };
  return undefined;
}

/** The same of a case that has ended before anybody saw it. */
function late({ processorMs, peakMb }: Report, { processorSeconds, megabytes }: Limits): Found | undefined {
  if (processorMs > processorSeconds * 1000)
    return { kind: "hang", message: `more than ${processorSeconds} s of processor time`, place: "at its end" };
  if (peakMb > megabytes)
    return { kind: "memory", message: `more than ${megabytes} MB of memory`, place: "at its end" };
  return undefined;
}

const reasonIn = (stderr: string): string =>
  stderr
    .split("\n")
    .find((line) => /FATAL|Error|abort|terminate/i.test(line))
    ?.trim() ??
  (stderr.trim().slice(0, 200) || "without a word");

const placeInCrash = (stderr: string): string => (/heap out of memory/.test(stderr) ? "the heap" : "the process");
