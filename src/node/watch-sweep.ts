/** A sweep as a live page, for the machine that it runs on alone. */
import { aFunction, aList, aNumber, anObject, aText, maybe, wants } from "../given.ts";
import { html } from "../report/markup.ts";
import type { SweepResult } from "../report/sweep.ts";
import { sweepCharts } from "../report/sweep-charts.ts";
import { sweepLead, sweepSections } from "../report/sweep-documents.ts";
import { LiveServer } from "./live-server.ts";
import type { WatchOptions } from "./watch.ts";

/** A page that follows a sweep. */
export interface SweepWatch {
  /** Its address. */
  readonly url: string;
  /** Shows how the sweep stands a last time, and goes. */
  close(): Promise<void>;
}

/** How often those who look are shown where the sweep stands, in milliseconds, where that does not take too long itself. */
const EVERY_MS = 2000;
/** Looking gets at most this share of the time. */
const SHARE = 0.1;

/** Where the sweep stands. @throws UsageError where that is none */
async function looked(look: () => Promise<SweepResult>): Promise<SweepResult> {
  const result = await look();
  wants(
    "watchSweep",
    ["what look gives", anObject, result],
    ["trials", aList, result, "trials"],
    ["front", aList, result, "front"],
    ["objectives", aList, result, "objectives"],
  );
  return result;
}

/**
 * Shows a sweep as a page that follows it, on this machine's loopback only: every trial with its epochs, the charts, the Pareto front.
 * ```ts
 * const page = await watchSweep(() => surveySweep(plan, identity, store, keyOf), { port: 8080 });
 * await sweepTrials(plan, identity, options).finally(page.close);
 * ```
 * @param look where the sweep stands, as `surveySweep` reads it from the trials' files, whoever trains them. Asked every two seconds
 *   while somebody looks at the page; what it throws then is left to the next look
 * @throws UsageError for a port out of range; EspalierError when the port cannot be had
 */
export async function watchSweep(
  look: () => Promise<SweepResult>,
  options: Pick<WatchOptions, "port" | "title"> = {},
): Promise<SweepWatch> {
  wants(
    "watchSweep",
    ["look", aFunction, look],
    ["options", anObject, options],
    ["port", maybe(aNumber), options, "port"],
    ["title", maybe(aText), options, "title"],
  );
  const { port = 0, title } = options;
  const show = async (): Promise<SweepResult> => {
    const result = await looked(look);
    const charts = await sweepCharts(result);
    live.show(html`<p><b>${sweepLead(result)}.</b></p>${sweepSections(result, charts)}`.text);
    return result;
  };
  await looked(look); // what does not work at all is said before anything is served
  const live = new LiveServer(title ?? "sweep", "This page follows the sweep and goes with it.");
  const url = await live.open(port);
  let timer: NodeJS.Timeout | undefined;
  let looking: Promise<unknown> = show();
  await looking;
  const later = (ms: number): void => {
    timer = setTimeout(() => {
      if (!live.isWatched) return later(EVERY_MS);
      const begun = performance.now();
      const again = () => later(Math.max(EVERY_MS, (performance.now() - begun) / SHARE));
      looking = show().then(again, again);
    }, ms);
    timer.unref();
  };
  later(EVERY_MS);
  return {
    url,
    async close() {
      clearTimeout(timer);
      await looking;
      clearTimeout(timer); // which it may have set
      let complete = false;
      try {
        ({ complete } = await show());
      } finally {
        await live.close(complete ? "The sweep is complete." : "The sweep was stopped.");
      }
    },
  };
}
