/** What stands before a sweep's first trial: every mistake that can be known is said, and nothing is trained yet. */
import { checkSamePlan, clearSweep, type SavedSweep, type Store, SWEEP, savedSweep, UsageError } from "espalier";
import { fileAt, newDirectory, storeAt } from "espalier/node";
import { checkResume } from "../settings/choices.ts";
import { fileOrigins, mergedOrigins, type SettingSource, settings } from "../settings/config.ts";
import { kebab } from "../settings/names.ts";
import { nameOf } from "../settings/place.ts";
import { notSwept, type SweepConfig, sweepFields } from "../settings/sweep-fields.ts";
import { againstSaved, type PlannedSweep, plannedSweep } from "../settings/sweep-plan.ts";
import type { Interruption } from "../terminal/interrupt.ts";
import { type Output, silent } from "../terminal/output.ts";
import { openJob } from "./job.ts";

/** A sweep that is checked and can start or go on. */
export interface OpenSweep extends PlannedSweep {
  /** Its directory. */
  readonly folder: string;
  readonly store: Store;
  readonly title: string;
  readonly parallel: number;
  /** Where trials are put for others to make; undefined: they are made here. */
  readonly queue: string | undefined;
  /** Whether it is shown as a page, and at which port. */
  readonly watch: boolean | number | undefined;
  /** It has its part in a sweep that somebody else answers for: it undoes neither that one's cancelling nor failures. */
  readonly helps: boolean;
  readonly out: Output;
  readonly interruption: Interruption;
}

/** The settings of the sweep in a folder. @throws UsageError where there is none; EspalierError for one that cannot be used */
export async function savedSettingsOf(folder: string): Promise<SweepConfig> {
  const saved = await savedSweep(storeAt(folder));
  if (!saved)
    throw new UsageError("missing", `there is no sweep in ${folder}`, { wanted: SWEEP }, "check the directory");
  const values = saved.config;
  return againstSaved(folder, () => settings(sweepFields, [{ label: (key) => `${SWEEP}: ${key}`, values }]));
}

/**
 * Checks a sweep.
 * @param sources of what is asked
 * @throws UsageError, EspalierError for what is missing, does not go together, or stands in the way
 */
export async function openSweep(
  asked: SweepConfig,
  sources: readonly SettingSource[],
  { out, interruption }: { readonly out: Output; readonly interruption: Interruption },
): Promise<OpenSweep> {
  checkResume(asked);
  const {
    config: given,
    out: chosen,
    resume = false,
    overwrite = false,
    parallel = 1,
    queue,
    watch,
    ...config
  } = asked;
  if (!given && !resume)
    throw new UsageError(
      "missing",
      "sweep wants a space",
      { wanted: "--config" },
      "for example --config examples/sweep.yaml",
    );
  if (!chosen && resume)
    throw new UsageError(
      "missing",
      "resume wants the directory of the sweep",
      { wanted: "--out" },
      "for example --resume --out runs/sweep",
    );
  for (const key of ["model", "data"] as const)
    if (!config[key])
      throw new UsageError(
        "missing",
        `sweep wants ${key === "model" ? "a model" : "data"}`,
        { where: given, wanted: `${key}: NAME` },
        `for example  ${key}: ${key === "model" ? "lenet5" : "digits"}`,
      );
  const wanted = chosen ?? nameOf(config, "sweep-");
  const before = chosen && !overwrite ? await savedSweep(storeAt(chosen)) : undefined;
  if (before && !resume)
    throw new UsageError(
      "exists",
      `${chosen} already holds a sweep`,
      { found: SWEEP },
      "go on with --resume, start afresh with --overwrite, or choose another --out",
    );
  const origins = given ? mergedOrigins(given, sources) : fileOrigins(fileAt(wanted, SWEEP));
  const threads = config.threads ?? (before ? (await savedSettingsOf(wanted)).threads : undefined);
  const planned = plannedSweep({ ...config, ...(threads !== undefined && { threads }), parallel }, origins);
  if (before) checkSame(before, planned, wanted);
  await tryFirst(planned, wanted, interruption);
  const store = chosen ? storeAt(chosen) : await newDirectory(wanted);
  if (overwrite) await clearSweep(store);
  const last = (path = "") => path.split(/[\\/]/).filter(Boolean).at(-1);
  const title = `${last(config.model)} on ${last(config.data)}`;
  return {
    ...planned,
    folder: store.location,
    store,
    title,
    parallel,
    queue,
    watch,
    helps: resume && given !== undefined,
    out,
    interruption,
  };
}

/** What may be otherwise when a sweep goes on, beside where its runs are made. */
const MAY_DIFFER: readonly string[] = ["trials", ...notSwept];

/** @throws UsageError for a sweep with other settings than the one that is gone on with */
function checkSame(before: SavedSweep, { plan, config }: PlannedSweep, folder: string): void {
  checkSamePlan(before, plan, folder);
  const now: Readonly<Record<string, unknown>> = config;
  const differ = Object.keys({ ...before.config, ...now }).filter(
    (key) => !MAY_DIFFER.includes(key) && JSON.stringify(before.config[key]) !== JSON.stringify(now[key]),
  );
  if (differ.length === 0) return;
  throw new UsageError(
    "conflict",
    `the sweep in ${folder} has other settings: ${differ.map(kebab).join(", ")}`,
    Object.fromEntries(
      differ.map((k) => [kebab(k), `was ${JSON.stringify(before.config[k])}, now ${JSON.stringify(now[k])}`]),
    ),
    "go on with the settings as they were, start afresh with --overwrite, or choose another --out",
  );
}

/** Opens the first trial's model and data: what fails here would fail every trial. */
async function tryFirst({ plan, settingsOf }: PlannedSweep, folder: string, interruption: Interruption): Promise<void> {
  const first = Object.entries(plan.space).map(([name, d]) => [name, "values" in d ? d.values[0] : d.from]);
  const config = settingsOf(Object.fromEntries(first));
  const where = { asked: config, out: folder, store: storeAt(folder), config, summary: undefined };
  await openJob(where, { out: silent, interruption });
}
