/** The process of a trial: it hears what to train, and ends when nobody is there any more who asked. */
import { existsSync } from "node:fs";
import { parse } from "node:path";
import { EspalierError } from "espalier";
import { completeJob, openJob } from "./commands/job.ts";
import type { TrialOrder, TrialReport } from "./commands/trial-child.ts";
import { place } from "./settings/place.ts";
import { messageOf } from "./terminal/failure.ts";
import { silent } from "./terminal/output.ts";

const tell = (report: TrialReport): void => void process.send?.(report, undefined, undefined, () => {});
let stop: AbortController | undefined;

/** What the disk refuses is no fault of the trial; the system names it ENOSPC and the like. */
function codeOf(error: unknown): string {
  if (error instanceof EspalierError)
    return error.code === "system" && /^cannot write/.test(error.message) ? "disk" : error.code;
  return error instanceof Error && "syscall" in error ? "disk" : "internal";
}

async function make({ settings, out, until, from }: Extract<TrialOrder, { type: "trial" }>): Promise<void> {
  const stopping = new AbortController();
  stop = stopping;
  const pausing = new AbortController();
  const interruption = {
    signal: AbortSignal.any([stopping.signal, pausing.signal]),
    status: () => undefined,
    unheard: () => undefined,
    release: () => {},
  };
  try {
    // Where that folder is not, a relative path leads nowhere, and not to a file that happens to have its name.
    if (from !== undefined) process.chdir(existsSync(from) ? from : parse(out).root);
    const where = await place({ ...settings, out, resume: true });
    let done = where.summary !== undefined;
    if (!done) {
      const job = await openJob(where, { out: silent, interruption });
      const onEpoch: NonNullable<typeof job.shop.onEpoch> = (metrics) => {
        tell({ type: "epoch", metrics });
        if (until !== undefined && metrics.epoch >= until) pausing.abort();
      };
      const outcome = await completeJob(
        { ...job, shop: { ...job.shop, onEpoch } },
        { trained: () => tell({ type: "finishing" }) },
      );
      done = outcome !== undefined || pausing.signal.aborted;
    }
    tell({ type: "ended", outcome: done ? "done" : "stopped" });
  } catch (error) {
    tell({ type: "failed", code: codeOf(error), message: messageOf(error) });
  }
}

for (const name of ["SIGINT", "SIGHUP"] as const) process.on(name, () => {}); // whoever asked hears it, and says
process.on("message", (order: TrialOrder) => void (order.type === "stop" ? stop?.abort() : make(order)));
process.on("disconnect", () => process.exit(0));
