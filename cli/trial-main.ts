/** The process of a trial: it hears what to train, and ends when nobody is there any more who asked. */
import { EspalierError } from "espalier";
import { completeJob, openJob } from "./commands/job.ts";
import type { TrialOrder, TrialReport } from "./commands/trial-child.ts";
import { place } from "./settings/place.ts";
import { messageOf } from "./terminal/failure.ts";
import { silent } from "./terminal/output.ts";

const tell = (report: TrialReport): void => void process.send?.(report, undefined, undefined, () => {});
let stop: AbortController | undefined;

async function make({ settings, out, until }: Extract<TrialOrder, { type: "trial" }>): Promise<void> {
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
    tell({ type: "failed", code: error instanceof EspalierError ? error.code : "internal", message: messageOf(error) });
  }
}

for (const name of ["SIGINT", "SIGHUP"] as const) process.on(name, () => {}); // whoever asked hears it, and says
process.on("message", (order: TrialOrder) => void (order.type === "stop" ? stop?.abort() : make(order)));
process.on("disconnect", () => process.exit(0));
