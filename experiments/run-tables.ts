/** The tables of whole runs and of training steps: what was gained, what was reproduced, and how long a step takes. */
import { markdown, percent } from "espalier";
import type { Committed } from "./committed.ts";
import type { Figures } from "./figures.ts";
import { faster } from "./paper-tables.ts";
import { meanStd } from "./record.ts";

export interface ShrunkRow extends Omit<Figures, "latencyMs" | "othersCores"> {
  readonly latencyMs?: Figures["latencyMs"];
  readonly lambda: number;
}

/** Training, shrinking and what that gained: one row per run of several results. */
export function shrunkTable(
  results: readonly { readonly what: string; readonly result: Committed<ShrunkRow> }[],
): string {
  const rows = results.flatMap(({ what, result }) =>
    result.rows.map((f) => [
      what,
      f.lambda ? String(f.lambda) : "dense",
      percent(f.testAccuracy),
      percent(f.smallAccuracy),
      percent(f.params.after / f.params.before),
      percent(f.macs.after / f.macs.before),
      faster(f),
      f.maxRelDiff.toExponential(0),
      f.commit ? f.commit.slice(0, 7) : `(${result.seen})`,
      result.command,
    ]),
  );
  return markdown({
    head: [
      "model, data",
      "λ",
      "accuracy",
      "shrunk",
      "parameters kept",
      "MACs kept",
      "faster",
      "largest difference",
      "commit",
      "command",
    ],
    text: [0, 8, 9],
    rows,
  });
}

export interface Reproduced {
  readonly seed: number;
  readonly testAccuracy: number;
  readonly groupSparsity: number;
  readonly weightedGroupSparsity: number;
}
const reproduced = ["testAccuracy", "groupSparsity", "weightedGroupSparsity"] as const;

/** One row per seed, their mean, and what the authors' code gave. */
export function reproduceTable({ rows, settings }: Committed<Reproduced>): string {
  const authors = settings["authors"] as Readonly<Record<(typeof reproduced)[number], number>>;
  const spread = (key: (typeof reproduced)[number]) => {
    const { mean, std } = meanStd(rows.map((r) => r[key]));
    return `${percent(mean)} ± ${percent(std)}`;
  };
  return markdown({
    head: ["", "accuracy", "zero groups", "weighted by size"],
    text: [0],
    rows: [
      ...rows.map((r) => [`seed ${r.seed}`, ...reproduced.map((key) => percent(r[key]))]),
      ["mean ± sample standard deviation", ...reproduced.map(spread)],
      ["the authors' code", ...reproduced.map((key) => percent(authors[key]))],
    ],
  });
}

/** The phases of the benchmark of full-size models, in order: `shrink` is of what `write` wrote. */
export const PHASES = ["read", "groups", "write", "shrink", "step"] as const;
export type PhaseName = (typeof PHASES)[number];

/** What a phase took, alone in its process. */
export interface Took {
  /** Of the phase: by the clock, and of all processors. */
  readonly seconds: number;
  readonly cpuSeconds: number;
  /** Of the process, with the reading of its model. */
  readonly wholeSeconds: number;
  readonly wholeCpuSeconds: number;
  /** Most bytes of memory that the process had: before the phase, with Node.js and the runtime alone, and at its end. */
  readonly base: number;
  readonly peak: number;
}

export interface FullSize {
  readonly model: string;
  readonly exporter: string;
  /** Of the file and its external data. */
  readonly bytes: number;
  readonly took: Readonly<Record<PhaseName, Took>>;
}

const seconds = ({ seconds: s }: Took): string => s.toFixed(1);

/** One row per file: seconds of each phase, and memory beyond that of Node.js itself as a multiple of the file's size. */
export function fullSizeTable({ rows }: { readonly rows: readonly FullSize[] }): string {
  const memory = ({ bytes, took }: FullSize, phase: PhaseName) =>
    `${((took[phase].peak - took[phase].base) / bytes).toFixed(1)} ×`;
  const each = PHASES.flatMap((phase) => [`${phase}, s`, "memory"]);
  return markdown({
    head: ["model", "exporter", "file, MB", ...each],
    text: [0, 1],
    rows: rows.map((row) => [
      row.model,
      row.exporter,
      (row.bytes / 1e6).toFixed(0),
      ...PHASES.flatMap((phase) => [seconds(row.took[phase]), memory(row, phase)]),
    ]),
  });
}
