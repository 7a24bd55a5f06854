/** A comparison's directory: its settings and results, and the run directories in it. */
import { rmdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import {
  type Comparison,
  comparisonCharts,
  comparisonHtml,
  comparisonMarkdown,
  type EpochMetrics,
  EspalierError,
  type MethodResult,
  methodCsv,
  methodResults,
  type Store,
  type Summary,
} from "espalier";
import { directory } from "espalier/node";
import { type CompareConfig, compareFields } from "./compare-fields.ts";
import type { Planned } from "./compare-plan.ts";
import { settings } from "./config.ts";
import { clear, FILES, writeJson } from "./run-directory.ts";

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
  readonly runs: readonly Ended[];
}

/** @throws EspalierError when compare.json is there and cannot be used, unless it counts as none then */
export async function readSaved(out: string, { damagedIsNone = false } = {}): Promise<Saved | undefined> {
  const bytes = await directory(out).read(COMPARISON);
  if (!bytes) return undefined;
  try {
    const { config, runs }: Document = JSON.parse(new TextDecoder().decode(bytes));
    const checked = settings(compareFields, [{ label: (key) => `${COMPARISON}: ${key}`, values: { ...config } }]);
    return { config: checked, runs };
  } catch (e) {
    if (damagedIsNone) return undefined;
    const reason = e instanceof EspalierError ? e.what : (e as Error).message;
    throw new EspalierError(`${COMPARISON} cannot be used`, { in: out, reason }, "start afresh with --overwrite");
  }
}

/** Removes the files of a run, and its folders if nothing else is in them. */
export async function clearRun(out: string, { folder }: Pick<Planned, "folder">): Promise<void> {
  const path = join(out, folder);
  await clear({ out: path, store: directory(path) });
  for (const empty of [path, dirname(path)]) await rmdir(empty).catch(() => {}); // not empty, or not there
}

async function epochsOf(out: string, { folder }: Ended): Promise<EpochMetrics[]> {
  const bytes = await directory(join(out, folder)).read(FILES.metrics);
  const lines = new TextDecoder().decode(bytes).split("\n").filter(Boolean);
  return lines.map((line) => JSON.parse(line));
}

/** Results as far as they are known: compare.json, and once a run ended also .csv, .md, .html and the charts. */
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
  if (runs.length === 0) return document;
  const charts = await comparisonCharts(whole);
  const write = (name: string, text: string) => store.write(name, new TextEncoder().encode(text));
  for (const [name, { svg }] of Object.entries(charts)) await write(`${name}.svg`, svg);
  await write("compare.csv", methodCsv(whole));
  await write("compare.md", comparisonMarkdown(whole, charts));
  await write("compare.html", comparisonHtml(whole, charts));
  return document;
}
