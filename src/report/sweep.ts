/** What a sweep came to: its trials with what varied between them, and those that no other beats in everything. */
import { type ObjectiveName, objectives } from "./objectives.ts";
import type { EpochMetrics } from "./results.ts";
import type { Table } from "./table.ts";

/** How far a trial is: stopped early is one that was not among the best of its rung, paused one of which that is not known yet. */
export type TrialState = "finished" | "failed" | "stopped early" | "paused" | "begun" | "waiting";

/** A trial as tables and charts show it. */
export interface SweepRow {
  readonly number: number;
  /** Its run directory, relative to the sweep's. */
  readonly folder: string;
  /** What it has of what is varied. */
  readonly values: Readonly<Record<string, unknown>>;
  readonly state: TrialState;
  /** The objectives of a finished trial, as they are read: an accuracy in 0 … 1. */
  readonly figures?: Readonly<Partial<Record<ObjectiveName, number>>>;
  readonly error?: string;
  readonly epochs: readonly EpochMetrics[];
}

/** Everything that the tables and charts of a sweep show. */
export interface SweepResult {
  readonly title: string;
  readonly objectives: readonly ObjectiveName[];
  /** Trials when it is complete. */
  readonly planned: number;
  /** Epochs of a whole trial, where early stopping says them; undefined without it. */
  readonly rungs: readonly number[];
  /** Those that are known by now, in their order. */
  readonly trials: readonly SweepRow[];
  /** The numbers of the finished trials that no other beats in everything, the best by the first objective first. */
  readonly front: readonly number[];
  readonly complete: boolean;
  readonly config: Readonly<Record<string, unknown>>;
  readonly environment: Readonly<Record<string, string | number>>;
}

/** The trials of the front. */
export const frontRows = ({ front, trials }: Pick<SweepResult, "front" | "trials">): SweepRow[] =>
  front.map((number) => trials.find((t) => t.number === number)!);

const shownValue = (value: unknown): string => (typeof value === "string" ? value : (JSON.stringify(value) ?? "–"));

/** What varied, by name, in the order of the space. */
const varied = (rows: readonly SweepRow[]): string[] => [...new Set(rows.flatMap((row) => Object.keys(row.values)))];

/** Finished trials first, the best first by the first objective; then the others by how far they came. */
function byMerit({ trials, objectives: [first] }: SweepResult): SweepRow[] {
  const merit = (row: SweepRow) => {
    const x = row.figures?.[first];
    return x === undefined ? Number.NEGATIVE_INFINITY : objectives[first].better === "higher" ? x : -x;
  };
  return [...trials].sort((a, b) => merit(b) - merit(a) || b.epochs.length - a.epochs.length || a.number - b.number);
}

/** One row per trial, the best first; `front` marks those that no other beats in everything. */
export function sweepTable(result: SweepResult, rows: readonly SweepRow[] = byMerit(result)): Table {
  const names = varied(result.trials);
  const { objectives: wanted, front } = result;
  return {
    head: ["trial", ...names, ...wanted.map((name) => objectives[name].head), "epochs", "front", "outcome"],
    text: [0, names.length + wanted.length + 2, names.length + wanted.length + 3],
    rows: rows.map((row) => [
      String(row.number + 1),
      ...names.map((name) => shownValue(row.values[name])),
      ...wanted.map((name) => {
        const x = row.figures?.[name];
        return x === undefined ? "–" : objectives[name].show(x);
      }),
      String(row.epochs.length),
      front.includes(row.number) ? "yes" : "",
      row.error === undefined ? row.state : `failed: ${row.error.split("\n")[0]}`,
    ]),
  };
}

/** The trials that no other beats in everything. */
export const frontTable = (result: SweepResult): Table => sweepTable(result, frontRows(result));

/** One row per trial for spreadsheets, in the order of the sweep, numbers in full. */
export function sweepCsv(result: SweepResult): string {
  const names = varied(result.trials);
  const inert = (text: string) => (/^[=+\-@\t\r]/.test(text) && Number.isNaN(Number(text)) ? `'${text}` : text);
  const quoted = (text: string) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  const cell = (value: unknown) => quoted(inert(shownValue(value)));
  const head = ["trial", "folder", ...names, ...result.objectives, "epochs", "front", "state"];
  const rows = result.trials.map((row) => [
    row.number + 1,
    row.folder,
    ...names.map((name) => cell(row.values[name])),
    ...result.objectives.map((name) => row.figures?.[name] ?? ""),
    row.epochs.length,
    result.front.includes(row.number) ? 1 : 0,
    row.state,
  ]);
  return [head.map((name) => (typeof name === "string" ? quoted(inert(name)) : name)), ...rows]
    .map((row) => `${row.join(",")}\n`)
    .join("");
}
