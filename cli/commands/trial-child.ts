/** A process of its own for trials: one that crashes takes nothing else with it. */
import { fork } from "node:child_process";
import { setTimeout as delay } from "node:timers/promises";
import { type EpochMetrics, EspalierError } from "espalier";
import type { TrainConfig } from "../settings/train-fields.ts";
import { messageOf } from "../terminal/failure.ts";
import { passOn } from "../terminal/output.ts";

/** What a child is asked for. */
export type TrialOrder =
  | {
      readonly type: "trial";
      readonly settings: TrainConfig;
      readonly out: string;
      readonly until?: number;
      /** Folder that relative paths are of. Default: that of whoever makes the trial. */
      readonly from?: string;
    }
  | { readonly type: "stop" };

/** What it tells. */
export type TrialReport =
  | { readonly type: "epoch"; readonly metrics: EpochMetrics }
  | { readonly type: "finishing" }
  | { readonly type: "ended"; readonly outcome: "done" | "stopped" }
  | { readonly type: "failed"; readonly code: string; readonly message: string };

/** How often a trial is begun whose process dies. */
const ATTEMPTS = 3;

/** How often a trial that somebody else trains is looked at, in milliseconds. */
const LOOK_EVERY = 1000;

/** A run failed of itself, here or elsewhere, and said of it what this says. */
export class TrialFailure extends Error {}

/** The text of an error that a trial failed with. */
export const failureText = (error: unknown): string =>
  error instanceof TrialFailure ? error.message : messageOf(error);

/** What is used of a process. */
export interface TrialProcess {
  readonly connected: boolean;
  disconnect(): void;
  send(order: TrialOrder, sent: (error: Error | null) => void): boolean;
  on(event: "message", heard: (message: unknown) => void): unknown;
  on(event: "exit", heard: (code: number | null, by: string | null) => void): unknown;
  off(event: "message", heard: (message: unknown) => void): unknown;
  off(event: "exit", heard: (code: number | null, by: string | null) => void): unknown;
}

/** Makes trials in turn, in a process that lives as long as they do well. */
export class TrialChild {
  private child: TrialProcess | undefined;
  private readonly start: () => TrialProcess;
  private readonly every: number;

  /**
   * @param start a process that hears what to train. Default: one of this program
   * @param every milliseconds from look to look at a trial that somebody else trains. Default: 1000
   */
  constructor(start: () => TrialProcess = trialProcess, every = LOOK_EVERY) {
    this.start = start;
    this.every = every;
  }

  /**
   * Trains a trial as far as `until`, from where it is. While somebody else trains it, it is waited for.
   * @param isOpen whether it is not as far yet, by its files; asked while it is waited for. Default: nobody knows
   * @returns false when it was stopped before
   * @throws TrialFailure when its run fails, or its process died again and again; EspalierError when the machine refuses to write
   */
  async make(
    order: Extract<TrialOrder, { type: "trial" }>,
    signal: AbortSignal,
    onReport: (report: TrialReport) => void,
    isOpen: () => Promise<boolean> = async () => true,
  ): Promise<boolean> {
    let deaths = 0;
    while (!signal.aborted) {
      const ended = await this.attempt(order, signal, onReport);
      if (ended.type === "ended") return ended.outcome === "done";
      if (ended.type === "died" && ++deaths === ATTEMPTS) throw new TrialFailure(messageOf(died(deaths, ended.how)));
      if (ended.type !== "failed") continue;
      if (ended.code === "disk") throw diskRefused(order.out, ended.message);
      if (ended.code !== "locked") throw new TrialFailure(ended.message);
      await delay(this.every, undefined, { signal }).catch(() => {}); // stopped meanwhile
      if (!signal.aborted && !(await isOpen())) return true;
    }
    return false;
  }

  private attempt(order: TrialOrder, signal: AbortSignal, onReport: (report: TrialReport) => void) {
    const child = this.alive();
    type Ended = Extract<TrialReport, { type: "ended" | "failed" }> | { readonly type: "died"; readonly how: string };
    return new Promise<Ended>((resolve) => {
      const settle = (ended: Ended) => {
        child.off("message", hear);
        child.off("exit", died);
        signal.removeEventListener("abort", stop);
        resolve(ended);
      };
      const hear = (message: unknown) => {
        const report = message as TrialReport; // of our own file
        if (report.type === "ended" || report.type === "failed") settle(report);
        else onReport(report);
      };
      const died = (code: number | null, by: string | null) => {
        this.child = undefined;
        settle({ type: "died", how: by ?? `status ${code}` });
      };
      const stop = () => void child.send({ type: "stop" } satisfies TrialOrder, () => {});
      child.on("message", hear);
      child.on("exit", died);
      signal.addEventListener("abort", stop, { once: true });
      child.send(order, () => {}); // if it cannot be had, `exit` says so
    });
  }

  private alive(): TrialProcess {
    this.child ??= this.start();
    return this.child;
  }

  /** Ends the process. */
  end(): void {
    if (this.child?.connected) this.child.disconnect();
    this.child = undefined;
  }
}

function trialProcess(): TrialProcess {
  // What it has to say of a crash passes here: were its standard error the terminal, its run would draw a bar of its own.
  const stdio = ["ignore", "ignore", "pipe", "ipc"] as const;
  const child = fork(new URL("../trial-main.js", import.meta.url), { stdio: [...stdio], execArgv: [] });
  if (child.stderr) passOn(child.stderr);
  return child;
}

const died = (times: number, last: string): EspalierError =>
  new EspalierError(
    "system",
    "the process of the trial died",
    { times, last },
    "look at memory and disk, then go on with --resume, which tries it again",
  );

/** Every other trial would meet it as well. */
const diskRefused = (trial: string, reason: string): EspalierError =>
  new EspalierError(
    "system",
    "a trial cannot be written",
    { trial, reason },
    "look at the disk, then go on with --resume",
  );
