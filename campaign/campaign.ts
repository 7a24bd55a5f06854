/** A campaign: suites in turn by their shares of the time, each case in a watched process, until the time is over. */
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Report } from "./protocol.ts";
import { CampaignRecord, type Fault } from "./record.ts";
import type { Suite } from "./suite.ts";
import { type Limits, WatchedWorker } from "./watched.ts";

export interface CampaignPlan {
  /** What is tried, and the URL of the module that exports all suites. */
  readonly suites: readonly Suite[];
  readonly module: string;
  readonly seed: number;
  readonly minutes: number;
  /** The one case that is tried; absent: all, from 0 on, until the time is over. */
  readonly only?: number;
  readonly workers: number;
  /** Where failing cases are kept. */
  readonly folder: string;
  /** Told of every fault when it is first seen. */
  readonly onFault: (fault: Fault) => void;
}

/** Resident memory that no case may take, in MB. */
export const MOST_MB = 1024;
const limitsOf = ({ processorSeconds = 2, seconds = 60 }: Suite): Limits => ({
  processorSeconds,
  seconds,
  megabytes: MOST_MB,
});
/** A worker stays with a suite for so long, in seconds. */
const TURN = 1;

/** A suite's place in the campaign. */
interface Turn {
  readonly suite: Suite;
  next: number;
  /** Seconds it has had, by its share. */
  had: number;
  taken: boolean;
}

export async function runCampaign(plan: CampaignPlan): Promise<CampaignRecord> {
  const record = new CampaignRecord(plan.seed);
  const turns = plan.suites.map((suite): Turn => ({ suite, next: plan.only ?? 0, had: 0, taken: false }));
  const end = performance.now() + plan.minutes * 60_000;
  const over = () => (plan.only === undefined ? performance.now() >= end : record.suites.size > 0);

  const tryOne = async (worker: WatchedWorker, { suite }: Turn, index: number): Promise<Report> => {
    const folder = join(plan.folder, `${suite.name}-${index}`);
    const shared = join(plan.folder, suite.name);
    const report = await worker.attempt({ suite: suite.name, seed: plan.seed, index, folder, shared }, limitsOf(suite));
    const fault = record.add(suite, report);
    if (fault) plan.onFault(fault);
    else if (report.found) rmSync(folder, { recursive: true, force: true }); // of each fault the first is kept
    return report;
  };
  const work = async (): Promise<void> => {
    const worker = new WatchedWorker(plan.module);
    try {
      while (!over()) {
        const free = turns.filter((t) => !t.taken);
        const turn = free.reduce((a, b) => (b.had / b.suite.share < a.had / a.suite.share ? b : a));
        turn.taken = true;
        await worker.begin(); // its start is nobody's time
        const began = performance.now();
        while (!over() && performance.now() - began < TURN * 1000) await tryOne(worker, turn, turn.next++);
        turn.had += (performance.now() - began) / 1000;
        turn.taken = false;
      }
    } finally {
      await worker.end();
    }
  };
  mkdirSync(plan.folder, { recursive: true });
  await Promise.all(Array.from({ length: Math.min(plan.workers, turns.length) }, work));
  return record;
}
