/** The process of a trial: it hears what to train, and ends when nobody is there any more who asked. */
import { existsSync } from "node:fs";
import { parse } from "node:path";
import { EspalierError, FILES, type Store } from "espalier";
import { completeJob, openJob } from "./commands/job.ts";
import type { TrialOrder, TrialReport } from "./commands/trial-child.ts";
import { choose } from "./settings/choices.ts";
import { keptData } from "./settings/kept-data.ts";
import { place } from "./settings/place.ts";
import { messageOf } from "./terminal/failure.ts";
import { silent } from "./terminal/output.ts";

const tell = (report: TrialReport): void => void process.send?.(report, undefined, undefined, () => {});
let stop: AbortController | undefined;
const data = keptData(); // the trials of a sweep mostly share theirs

/** What the disk refuses is no fault of the trial; the system names it ENOSPC and the like. */
function codeOf(error: unknown): string {
  if (error instanceof EspalierError) return error.code === "unwritable" ? "disk" : error.code;
  return error instanceof Error && "syscall" in error ? "disk" : "internal";
}

/** Whether a run has trained so far: asked for again, as a queue may, it goes no further. */
async function hasEpoch(store: Store, epoch: number): Promise<boolean> {
  const course = new TextDecoder().decode(await store.read(FILES.metrics));
  return new RegExp(`"epoch":${epoch}\\b.*\\n`).test(course);
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
    if (from !== undefined) process.chdir(existsSync(from) ? from : parse(process.cwd()).root);
    const where = await place({ ...settings, out, resume: true });
    const isThere = async () => until !== undefined && (await hasEpoch(where.store, until));
    let done = where.summary !== undefined || (await isThere());
    if (!done) {
      const job = await openJob(where, { out: silent, interruption, data: await data(choose(where.config)) });
      const onEpoch: NonNullable<typeof job.shop.onEpoch> = (metrics) => {
        tell({ type: "epoch", metrics });
        if (until !== undefined && metrics.epoch >= until) pausing.abort();
      };
      const outcome = await completeJob(
        { ...job, shop: { ...job.shop, onEpoch, beside: true } },
        {
          // somebody else may have had it until now
          async begun() {
            if (await isThere()) pausing.abort();
          },
          trained: () => tell({ type: "finishing" }),
        },
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
