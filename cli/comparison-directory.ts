/** A comparison's directory: its settings and results, and the run directories in it. */
import { rmdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import {
  type Comparison,
  clearRun,
  comparisonCharts,
  comparisonHtml,
  comparisonMarkdown,
  type EpochMetrics,
  EspalierError,
  FILES,
  type MethodResult,
  methodCsv,
  methodResults,
  type Store,
  type Summary,
  writeJson,
} from "espalier";
import { directory } from "espalier/node";
import { z } from "zod";
import { type CompareConfig, compareFields } from "./settings/compare-fields.ts";
import type { Planned } from "./settings/compare-plan.ts";
import { settings } from "./settings/config.ts";

/** Settings and results; written before the first run, so it marks a comparison. */
export const COMPARISON = "compare.json";

/** A run that ended, as compare.json keeps it. */
export interface Ended {
  readonly method: string;
  readonly seed: number;
  readonly folder: string;
  /** Wall time of the whole run. */
  readonly seconds: number;
  readonly summary?: Summary;
  readonly error?: string;
}

/** compare.json */
export interface Document {
  readonly title: string;
  readonly config: CompareConfig;
  readonly environment: Readonly<Record<string, string | number>>;
  readonly seeds: readonly number[];
  readonly methods: readonly MethodResult[];
  readonly runs: readonly Ended[];
}

/** What an earlier command left in the directory. */
export interface Saved {
  readonly config: CompareConfig;
  readonly runs: readonly Omit<Ended, "summary">[];
}

/**
 * compare.json as it is read back. A run's folder is one that a plan can name, METHOD/seed-N: --overwrite clears what stands here,
 * and nothing outside the comparison's directory may.
 */
const saved = z.object({
  config: z.record(z.string(), z.unknown()),
  runs: z.array(
    z.object({
      method: z.string(),
      seed: z.int(),
      folder: z.string().regex(/^[\p{L}\p{M}\p{N}-]+[\\/]seed--?\d+$/u, "is not METHOD/seed-N"),
      seconds: z.number(),
      error: z.string().optional(),
    }),
  ),
});

/** @throws EspalierError when compare.json is there and cannot be used, unless it counts as none then */
export async function readSaved(out: string, { damagedIsNone = false } = {}): Promise<Saved | undefined> {
  const bytes = await directory(out).read(COMPARISON);
  if (!bytes) return undefined;
  try {
    const { success, data, error } = saved.safeParse(JSON.parse(new TextDecoder().decode(bytes)));
    if (!success) {
      const [{ path, message }] = error.issues;
      throw new EspalierError(path.length > 0 ? `${path.join(".")}: ${message}` : message);
    }
    const checked = settings(compareFields, [{ label: (key) => `${COMPARISON}: ${key}`, values: data.config }]);
    return { config: checked, runs: data.runs };
  } catch (e) {
    if (damagedIsNone) return undefined;
    const reason = e instanceof EspalierError ? e.what : (e as Error).message;
    throw new EspalierError(`${COMPARISON} cannot be used`, { in: out, reason }, "start afresh with --overwrite");
  }
}

/** Removes the files of a run, and its folders if nothing else is in them. */
export async function clearPlanned(out: string, { folder }: Pick<Planned, "folder">): Promise<void> {
  const path = join(out, folder);
  await clearRun(directory(path));
  for (const empty of [path, dirname(path)]) await rmdir(empty).catch(() => {}); // not empty, or not there
}

const epoch = z.looseObject({ epoch: z.int().min(1), groupSparsity: z.number(), elementSparsity: z.number() });

/** The lines of metrics.jsonl up to one that is cut off or damaged: charts can do with fewer. */
async function epochsOf(out: string, { folder }: Ended): Promise<EpochMetrics[]> {
  const bytes = await directory(join(out, folder)).read(FILES.metrics);
  const epochs: EpochMetrics[] = [];
  for (const line of new TextDecoder().decode(bytes).split("\n").filter(Boolean)) {
    try {
      epochs.push(epoch.parse(JSON.parse(line)) as unknown as EpochMetrics);
    } catch {
      break;
    }
  }
  return epochs;
}

/**
 * Results as far as they are known: compare.json, .csv, .md, .html and the charts. Before the first run ended they are empty, so
 * that those of a comparison that stood here before do not stay.
 */
export async function writeResults(
  store: Store,
  comparison: Omit<Comparison, "runs" | "config"> & { readonly config: CompareConfig },
  ended: readonly Ended[],
): Promise<Document> {
  const { title, config, environment, seeds } = comparison;
  const runs = await Promise.all(ended.map(async (r) => ({ ...r, epochs: await epochsOf(store.location, r) })));
  const whole: Comparison = { ...comparison, runs };
  const document = { title, config, environment, seeds, methods: methodResults(whole), runs: ended };
  await writeJson(store, COMPARISON, document);
  const charts = await comparisonCharts(whole);
  const write = (name: string, text: string) => store.write(name, new TextEncoder().encode(text));
  for (const [name, { svg }] of Object.entries(charts)) await write(`${name}.svg`, svg);
  await write("compare.csv", methodCsv(whole));
  await write("compare.md", comparisonMarkdown(whole, charts));
  await write("compare.html", comparisonHtml(whole, charts));
  return document;
}
