/** A sweep's own files: its settings and what it came to; the trials keep theirs. */

import { z } from "zod";
import { UsageError } from "../../error.ts";
import { anObject, aStore, aText, wants } from "../../given.ts";
import { type ObjectiveName, objectives } from "../../report/objectives.ts";
import { optunaJournal } from "../../report/optuna.ts";
import { type SweepResult, type SweepRow, sweepCsv, type TrialState } from "../../report/sweep.ts";
import { sweepCharts } from "../../report/sweep-charts.ts";
import { sweepHtml, sweepMarkdown } from "../../report/sweep-documents.ts";
import { clearRun } from "../../train/run-files.ts";
import { type Store, writeJson } from "../../train/store.ts";
import { savedJson } from "../saved-json.ts";
import { frontOf } from "./pareto.ts";
import { finalPoint, type SweepPlan, type SweepSurvey, type SweepTrial } from "./survey.ts";
import { clearFailure, trialFolder, trialStore } from "./trial-files.ts";

/** Settings, and the trials as far as they are known. */
export const SWEEP = "sweep.json";

/** What a sweep shows of itself beside its plan. */
export type SweepIdentity = Pick<SweepResult, "title" | "config" | "environment">;

const saved = z.object({
  title: z.string(),
  config: z.record(z.string(), z.unknown()),
  plan: z.record(z.string(), z.unknown()),
  trials: z.array(z.object({ key: z.string().regex(/^[0-9a-f]+$/, "is no hash") })),
});

/** What an earlier call left. */
export type SavedSweep = z.infer<typeof saved>;

/**
 * The settings of the sweep that a store holds.
 * @returns undefined when it holds none
 * @throws EspalierError when sweep.json is there and cannot be used
 */
export async function savedSweep(store: Store): Promise<SavedSweep | undefined> {
  wants("savedSweep", ["store", aStore, store]);
  return savedJson(store, SWEEP, saved);
}

/** What may be otherwise when a sweep goes on: that there are more trials changes none of those before. */
const comparable = ({ trials: _, ...plan }: Readonly<Record<string, unknown>>) => plan;

/** @throws UsageError when the store holds a sweep of another plan */
export function checkSamePlan(before: SavedSweep, plan: SweepPlan, location: string): void {
  wants(
    "checkSamePlan",
    ["before", anObject, before],
    ["plan", anObject, before, "plan"],
    ["plan", anObject, plan],
    ["location", aText, location],
  );
  const [was, now] = [comparable(before.plan), comparable({ ...plan })];
  const differ = Object.keys({ ...was, ...now }).filter((k) => JSON.stringify(was[k]) !== JSON.stringify(now[k]));
  if (differ.length === 0) return;
  throw new UsageError(
    "conflict",
    `the sweep in ${location} has other settings: ${differ.join(", ")}`,
    Object.fromEntries(differ.map((k) => [k, `was ${JSON.stringify(was[k])}, now ${JSON.stringify(now[k])}`])),
    "go on with the settings as they were, start afresh with overwrite, or choose another place",
  );
}

/**
 * Removes a sweep and the files of its trials.
 * @throws EspalierError when somebody works on one of them
 */
export async function clearSweep(store: Store): Promise<void> {
  wants("clearSweep", ["store", aStore, store]);
  const before = await savedSweep(store).catch(() => undefined); // damaged: as if there were none
  for (const { key } of before?.trials ?? []) {
    const own = trialStore(store, key);
    if ((await own.list()).length === 0) continue;
    const unlock = await own.lock();
    await clearRun(own)
      .then(() => clearFailure(own))
      .finally(unlock);
    if ((await own.list()).length === 0) await store.within("trials").remove(key);
  }
  for (const name of [...Object.values(DOCUMENTS), SWEEP]) await store.remove(name);
}

/** What a survey shows. */
export function sweepResult(
  plan: SweepPlan,
  identity: SweepIdentity,
  { trials, jobs, complete }: SweepSurvey,
): SweepResult {
  const points = trials.map((trial) => finalPoint(plan.objectives, trial));
  const open = new Set(jobs.map(({ key }) => key));
  const front = frontOf(points).sort((a, b) => points[a]![0] - points[b]![0] || a - b);
  return {
    ...identity,
    objectives: plan.objectives,
    planned: plan.trials,
    rungs: plan.rungs,
    trials: trials.map((trial) => rowOf(plan, trial, { open: open.has(trial.key), complete })),
    front: front.map((i) => trials[i].number),
    complete,
  };
}

function rowOf(
  { objectives: names }: SweepPlan,
  trial: SweepTrial,
  now: { readonly open: boolean; readonly complete: boolean },
): SweepRow {
  const { number, key, values, epochs, summary, error } = trial;
  const figures: Partial<Record<ObjectiveName, number>> = {};
  for (const name of summary ? names : []) {
    const value = summary && objectives[name].of(summary, epochs.at(-1));
    if (typeof value === "number") figures[name] = value;
  }
  return {
    number,
    folder: trialFolder(key),
    values,
    state: stateOf(trial, now),
    epochs,
    ...(summary && { figures }),
    ...(error !== undefined && { error }),
  };
}

function stateOf(
  { summary, error, epochs }: SweepTrial,
  { open, complete }: { readonly open: boolean; readonly complete: boolean },
): TrialState {
  if (summary) return "finished";
  if (error !== undefined) return "failed";
  if (open) return epochs.length > 0 ? "begun" : "waiting";
  return complete ? "stopped early" : "paused";
}

const DOCUMENTS = { csv: "sweep.csv", markdown: "sweep.md", page: "sweep.html", optuna: "optuna.log" } as const;

/** Writes charts, sweep.csv, .md, .html, a journal for Optuna and, last, sweep.json, as far as the trials are known. */
export async function writeSweep(store: Store, plan: SweepPlan, result: SweepResult): Promise<void> {
  const charts = await sweepCharts(result);
  const write = (name: string, text: string) => store.write(name, new TextEncoder().encode(text));
  for (const [name, { svg }] of Object.entries(charts)) await write(`${name}.svg`, svg);
  await write(DOCUMENTS.csv, sweepCsv(result));
  await write(DOCUMENTS.markdown, sweepMarkdown(result, charts));
  await write(DOCUMENTS.page, sweepHtml(result, charts));
  await write(DOCUMENTS.optuna, optunaJournal(result, plan.space));
  await writeSettings(store, plan, result);
}

/** Writes sweep.json alone: with it a store holds a sweep. */
export async function writeSettings(store: Store, plan: SweepPlan, result: SweepResult): Promise<void> {
  const { title, config, environment, front, complete, trials } = result;
  const rows = trials.map(({ number, folder, values, state, epochs, figures, error }) => {
    const key = folder.split("/").at(-1);
    return { number, key, values, state, epochs: epochs.length, figures, error };
  });
  await writeJson(store, SWEEP, { title, config, plan, environment, complete, front, trials: rows });
}
