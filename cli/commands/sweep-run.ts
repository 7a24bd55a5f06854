/** The trials of a sweep in processes of their own, and what is said on the way. */
import { resolve } from "node:path";
import { frontTable, SWEEP, type SweepResult, surveySweep, sweepLead, sweepTrials } from "espalier";
import { environment, fileAt, isInBucket, watchSweep } from "espalier/node";
import { engineOf } from "../settings/engine-fields.ts";
import { sayStopped } from "../terminal/interrupt.ts";
import { sweepProgress } from "../terminal/sweep-progress.ts";
import { terminalTable } from "../terminal/terminal-table.ts";
import { CANCELLED } from "./sweep-look.ts";
import type { OpenSweep } from "./sweep-open.ts";
import { shellQuoted } from "./sweep-scripts.ts";
import { failureText, TrialChild, TrialFailure, type TrialReport } from "./trial-child.ts";
import { trialQueue } from "./trial-queue.ts";

/** How often it is looked whether somebody cancelled the sweep, in milliseconds. */
const LOOK_EVERY = 2000;

/** Trials that are put into a queue at once. */
const AT_ONCE = 64;

/** @returns the exit status: 1 when a trial failed */
export async function runSweep(sweep: OpenSweep): Promise<number> {
  const { store, plan, config, title, queue, watch, settingsOf, keyOf, interruption, out, helps } = sweep;
  const parallel = queue === undefined ? sweep.parallel : AT_ONCE;
  if (!helps) await store.remove(CANCELLED);
  const identity = { title, config, environment: environment(engineOf(config)) };
  const page =
    watch === undefined || watch === false
      ? undefined
      : await watchSweep(() => surveySweep(plan, identity, store, keyOf), { port: watch === true ? 0 : watch, title });
  if (page) out.say(`follow the sweep at ${page.url}`);
  const cancelling = new AbortController();
  if (await store.read(CANCELLED)) cancelling.abort();
  const looking = setInterval(
    () =>
      void store.read(CANCELLED).then(
        (mark) => mark && cancelling.abort(),
        () => {},
      ), // the next look may reach it
    LOOK_EVERY,
  );
  const signal = AbortSignal.any([interruption.signal, cancelling.signal]);
  const shared = queue === undefined ? undefined : await trialQueue(queue, out.warn);
  const idle = Array.from({ length: shared ? 0 : parallel }, () => new TrialChild());
  const progress = sweepProgress(out, plan, settingsOf);
  try {
    const { result, stopped } = await sweepTrials(plan, identity, {
      ...{ store, keyOf, parallel, signal, textOf: failureText, onEvent: progress.event, retryFailed: !helps },
      isFatal: (error) => !(error instanceof TrialFailure),
      async complete(job, own, isOpen) {
        const order = {
          type: "trial",
          settings: settingsOf(job.values),
          out: own.location,
          ...(job.until !== undefined && { until: job.until }),
        } as const;
        const everywhere = isInBucket(order.out) ? order.out : resolve(order.out);
        if (shared) return shared.make({ ...order, out: everywhere, from: process.cwd() }, signal, isOpen);
        const child = idle.pop()!;
        const report = (said: TrialReport) => progress.report(job, said);
        return child.make(order, signal, report, isOpen).finally(() => idle.push(child));
      },
    });
    progress.stop();
    if (stopped) return stop(sweep, result, cancelling.signal.aborted);
    conclude(sweep, result);
    return result.trials.some((t) => t.state === "failed") ? 1 : 0;
  } finally {
    progress.stop();
    clearInterval(looking);
    for (const child of idle) child.end();
    await shared?.close();
    await page?.close();
  }
}

/** How a sweep is gone on with as it was; a password stands nowhere, and whoever goes on puts it in. */
export function resumeLine({ folder, queue, parallel }: Pick<OpenSweep, "folder" | "queue" | "parallel">): string {
  const words = ["npx", "espalier", "sweep", "--resume", "--out", folder];
  if (queue !== undefined) words.push("--queue", queue.replace(/^(\w+:\/\/[^:@/]*):[^/]*@/, "$1:PASSWORD@"));
  if (parallel > 1) words.push("--parallel", String(parallel));
  return words.map(shellQuoted).join(" ");
}

function stop(sweep: OpenSweep, result: SweepResult, cancelled: boolean): number {
  const { folder, out, interruption } = sweep;
  const resume = resumeLine(sweep);
  if (cancelled) out.warn("somebody cancelled the sweep");
  sayStopped({ out: folder, interrupted: true, resume, trials: result.trials.length }, out, interruption);
  return interruption.status() ?? 1;
}

function conclude({ folder, out }: OpenSweep, result: SweepResult): void {
  const names = { page: "sweep.html", markdown: "sweep.md", table: "sweep.csv", figures: SWEEP };
  const files = Object.fromEntries(Object.entries(names).map(([what, name]) => [what, fileAt(folder, name)]));
  const list = Object.entries(files).map(([what, path]) => `  ${what.padEnd(8)}  ${path}`);
  const { config, environment, ...shown } = result;
  const trials = shown.trials.map(({ epochs, ...t }) => ({ ...t, epochs: epochs.length }));
  const text = [sweepLead(result), terminalTable(frontTable(result), out), list.join("\n")];
  out.result({ out: folder, files, ...shown, trials }, `\n${text.join("\n\n")}`);
}
