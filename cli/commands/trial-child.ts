/** A process of its own for trials: one that crashes takes nothing else with it. */
import { type ChildProcess, fork } from "node:child_process";
import { setTimeout as delay } from "node:timers/promises";
import { type EpochMetrics, EspalierError } from "espalier";
import type { TrainConfig } from "../settings/train-fields.ts";
import { messageOf } from "../terminal/failure.ts";

/** What a child is asked for. */
export type TrialOrder =
  | { readonly type: "trial"; readonly settings: TrainConfig; readonly out: string; readonly until?: number }
  | { readonly type: "stop" };

/** What it tells. */
export type TrialReport =
  | { readonly type: "epoch"; readonly metrics: EpochMetrics }
  | { readonly type: "finishing" }
  | { readonly type: "ended"; readonly outcome: "done" | "stopped" }
  | { readonly type: "failed"; readonly code: string; readonly message: string };

/** How often a trial is begun whose process dies. */
const ATTEMPTS = 3;

/** For so many seconds it is tried again where the trial's folder is in use: by a process whose owner was killed, and that ends itself. */
const PATIENCE = 400;

/** A run failed, here or elsewhere, and said of it what this says. */
export class TrialFailure extends Error {}

/** The text of an error that a trial failed with. */
export const failureText = (error: unknown): string =>
  error instanceof TrialFailure ? error.message : messageOf(error);

/** Makes trials in turn, in a process that lives as long as they do well. */
export class TrialChild {
  private child: ChildProcess | undefined;

  /**
   * Trains a trial as far as `until`, from where it is.
   * @returns false when it was stopped before
   * @throws EspalierError when its run fails, or its process died again and again
   */
  async make(
    order: Extract<TrialOrder, { type: "trial" }>,
    signal: AbortSignal,
    onReport: (report: TrialReport) => void,
  ): Promise<boolean> {
    let [deaths, waits] = [0, 0];
    while (!signal.aborted) {
      const ended = await this.attempt(order, signal, onReport);
      if (ended.type === "ended") return ended.outcome === "done";
      if (ended.type === "died" && ++deaths === ATTEMPTS)
        throw new EspalierError(
          "system",
          "the process of the trial died",
          { times: deaths, last: ended.how },
          "look at memory and disk, then go on",
        );
      if (ended.type === "failed" && (ended.code !== "locked" || ++waits > PATIENCE))
        throw new TrialFailure(ended.message);
      if (ended.type === "failed") await delay(1000, undefined, { signal }).catch(() => {}); // stopped meanwhile
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

  private alive(): ChildProcess {
    if (this.child) return this.child;
    // What it has to say of a crash passes here: were its standard error the terminal, its run would draw a bar of its own.
    const stdio = ["ignore", "ignore", "pipe", "ipc"] as const;
    const child = fork(new URL("../trial-main.js", import.meta.url), { stdio: [...stdio], execArgv: [] });
    child.stderr?.on("data", (text: Buffer) => void process.stderr.write(text));
    this.child = child;
    return child;
  }

  /** Ends the process. */
  end(): void {
    if (this.child?.connected) this.child.disconnect();
    this.child = undefined;
  }
}
