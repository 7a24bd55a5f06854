/** What stands before a comparison's first run: every mistake that can be known is said, and nothing is trained yet. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import {
  COMPARISON,
  clearComparedRun,
  clearComparison,
  type Dataset,
  type EndedRun,
  FILES,
  type Store,
  UsageError,
} from "espalier";
import { directory, newDirectory } from "espalier/node";
import { checkResume } from "../settings/choices.ts";
import type { CompareConfig } from "../settings/compare-fields.ts";
import { type ComparePlan, comparePlan, inMethod, ownKeys, type Planned } from "../settings/compare-plan.ts";
import { fileOrigins, mergedOrigins, type Origins, type SettingSource } from "../settings/config.ts";
import { modelItself, openData } from "../settings/open.ts";
import { changedMeanwhile, differing, nameOf, type Occupied, place, wantsFolder } from "../settings/place.ts";
import { readSaved, type SavedSettings } from "../settings/saved-comparison.ts";
import type { TrainConfig } from "../settings/train-fields.ts";
import type { Interruption } from "../terminal/interrupt.ts";
import type { Output } from "../terminal/output.ts";
import { openJob } from "./job.ts";

/** A comparison that is checked and can start or go on. */
export interface OpenComparison {
  /** Its directory. */
  readonly folder: string;
  /** The same, locked. */
  readonly store: Store;
  readonly plan: ComparePlan;
  /** As compare.json keeps it. */
  readonly config: CompareConfig;
  /** Those that finished, and those that failed and are to be retried. */
  readonly ended: readonly EndedRun[];
  readonly data: (settings: TrainConfig) => Promise<Dataset>;
  readonly out: Output;
  readonly interruption: Interruption;
}

/**
 * Checks a comparison and locks its directory.
 * @param sources of what is asked
 * @throws UsageError, EspalierError for what is missing, does not go together, or stands in the way
 */
export async function openComparison(
  asked: CompareConfig,
  sources: readonly SettingSource[],
  out: Output,
  interruption: Interruption,
): Promise<Occupied<OpenComparison>> {
  checkResume(asked);
  const { config: given, out: chosen, resume = false, overwrite = false, ...config } = asked;
  if (!given && !resume)
    throw new UsageError(
      "missing",
      "compare wants methods",
      { wanted: "--config" },
      "for example --config examples/compare.yaml",
    );
  if (!chosen && resume)
    throw new UsageError(
      "missing",
      "resume wants the directory of the comparison",
      { wanted: "--out" },
      "for example --resume --out runs/methods",
    );
  if (chosen !== undefined) wantsFolder("a comparison", chosen);
  const folder = chosen ?? nameOf(config, "compare-");
  const look = async () => (chosen ? readSaved(chosen, { damagedIsNone: overwrite }) : undefined);
  const saved = await look();
  if (saved && !resume && !overwrite)
    throw new UsageError(
      "exists",
      `${folder} already holds a comparison`,
      { found: COMPARISON },
      "go on with --resume, start afresh with --overwrite, or choose another --out",
    );
  if (!saved && !given)
    throw new UsageError(
      "missing",
      `there is no comparison in ${folder} to go on with`,
      { wanted: COMPARISON },
      "check --out",
    );

  const origins = mergedOrigins(given ?? join(folder, COMPARISON), sources);
  const plan = comparePlan(config, origins);
  const again = saved && resume ? changedFailures(folder, plan, saved, { config, origins }) : [];
  const data = sharedData();
  const [{ settings: first }] = plan.runs;
  await modelItself({ model: first.model!, seed: first.seed! }, await data(first)); // shared: what fails here is no method's fault
  for (const { method, folder: inner, settings } of plan.runs.slice(0, plan.methods.length))
    await inMethod(method, config, origins, async () => {
      const path = join(folder, inner);
      const where = { asked: settings, out: path, store: directory(path), config: settings, summary: undefined };
      await openJob(where, { out, interruption, data: await data(settings) });
    });
  const untouched = overwrite || !chosen ? [] : plan.runs.filter((run) => !again.includes(run));
  const ended = await endedBefore(folder, untouched, saved, resume);

  const store = chosen ? directory(chosen) : await newDirectory(folder);
  const release = await store.lock();
  try {
    if (JSON.stringify(await look()) !== JSON.stringify(saved)) throw changedMeanwhile(folder);
    if (overwrite) await clearComparison(store, [...plan.runs, ...(saved?.runs ?? [])]);
    for (const run of again) await clearComparedRun(store, run);
  } catch (error) {
    await release();
    throw error;
  }
  return { where: { folder: store.location, store, plan, config, ended, data, out, interruption }, release };
}

/** Opens the data once for all runs that see the same samples. */
function sharedData(): OpenComparison["data"] {
  let last: { readonly key: string; readonly data: Promise<Dataset> } | undefined;
  return (s) => {
    const key = s.limitTrain || s.valSplit ? `seed ${s.seed}` : "";
    if (last?.key !== key) last = { key, data: openData(s) };
    return last.data;
  };
}

/**
 * Failed runs whose settings are others now: they start afresh.
 * @throws UsageError when a run that did not fail has other settings now
 */
function changedFailures(
  folder: string,
  plan: ComparePlan,
  saved: SavedSettings,
  { config, origins }: { readonly config: CompareConfig; readonly origins: Origins },
): Planned[] {
  const former = comparePlan(saved.config, fileOrigins(join(folder, COMPARISON)));
  const before = new Map(former.runs.map((run) => [run.folder, run]));
  return plan.runs.filter((run) => {
    const old = before.get(run.folder);
    const differ = old ? differing(old.settings, run.settings) : [];
    if (!old || differ.length === 0) return false;
    if (saved.runs.some((r) => r.folder === run.folder && r.error !== undefined)) return true;
    if (!existsSync(join(folder, run.folder, FILES.run))) return false;
    const own = [...ownKeys(config, run.method), ...ownKeys(saved.config, old.method)];
    const where = differ.map((key) => (own.includes(key) ? origins.of("methods", run.method) : origins.of(key)));
    throw new UsageError(
      "conflict",
      `${run.method} has other settings than before: ${differ.join(", ")}`,
      {
        where: [...new Set(where)].join(", "),
        ...Object.fromEntries(
          differ.map((k) => [k, `was ${JSON.stringify(old.settings[k])}, now ${JSON.stringify(run.settings[k])}`]),
        ),
      },
      `resume with the settings as they were, start afresh with --overwrite, or ${differ.some((key) => own.includes(key)) ? "give the method another name" : "choose another --out"}`,
    );
  });
}

/** @throws UsageError when a run directory is there unasked or with other settings */
async function endedBefore(
  folder: string,
  runs: readonly Planned[],
  saved: SavedSettings | undefined,
  resume: boolean,
): Promise<EndedRun[]> {
  const ended: EndedRun[] = [];
  for (const { method, seed, folder: inner, settings } of runs) {
    const { summary } = await place({ ...settings, out: join(folder, inner), resume });
    const noted = saved?.runs.find((r) => r.folder === inner);
    const run = { method, seed, folder: inner };
    if (summary) ended.push({ ...run, seconds: noted?.seconds ?? summary.seconds, summary });
    else if (noted?.error !== undefined) ended.push({ ...run, seconds: noted.seconds, error: noted.error });
  }
  return ended;
}
