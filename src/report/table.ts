/** Results as tables: rows of text, for a terminal, for Markdown and for HTML alike. */

import type { Interval } from "../math/bootstrap.ts";
import { change, count, fileSize, milliseconds, percent, shapeText, significant } from "./format.ts";
import { isLossy, singularValues } from "./low-rank.ts";
import type { BeforeAfter, LatencyReached, LayerRow, LowRank, RankRow, RemovalRow, Summary } from "./results.ts";

/** Rows of text under a head. */
export interface Table {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** Columns that hold text; all others hold numbers and are aligned to the right. */
  readonly text: readonly number[];
}

/** Head down the side, rows beside each other: for a table of few rows and many columns. */
export const turned = ({ head, rows }: Table): Table => ({
  head: ["", ...rows.map((row) => row[0])],
  rows: head.slice(1).map((name, j) => [name, ...rows.map((row) => row[j + 1])]),
  text: [0],
});

/** A figure before and after, and what that gained: "3.2× fewer". */
export const changeRow = (
  what: string,
  show: (n: number) => string,
  { before, after }: BeforeAfter,
  better: string,
  worse: string,
): string[] => [what, show(before), show(after), change(before, after, better, worse)];

/** The comparison that ends every run: the model as trained beside the model as shrunk. */
export function beforeAfterTable(s: Summary): Table {
  const points = s.accuracy !== null && s.smallAccuracy !== null ? (s.smallAccuracy - s.accuracy) * 100 : 0;
  const quality =
    s.accuracy === null
      ? ["test loss", significant(s.loss), significant(s.smallLoss), ""]
      : [
          "test accuracy",
          percent(s.accuracy),
          percent(s.smallAccuracy),
          points === 0 ? "equal" : `${points > 0 ? "+" : "−"}${Math.abs(points).toFixed(2)} points`,
        ];
  return {
    head: ["", "before", "after", "change"],
    text: [0],
    rows: [
      quality,
      changeRow("parameters", count, s.params, "fewer", "more"),
      changeRow("multiply-adds per example", count, s.macs, "fewer", "more"),
      changeRow("file", fileSize, s.bytes, "smaller", "larger"),
      changeRow("latency, batch 1", milliseconds, s.latencyMs, "faster", "slower"),
      changeRow("latency, batch 128", milliseconds, s.latencyMsBatch128, "faster", "slower"),
      ...(s.latency ? [latencyRow(s.latency)] : []),
      ...(s.lowRank ? lowRankRows(s.lowRank, isLossy(s)) : []),
      [
        isLossy(s) ? "largest difference by shrinking" : "largest output difference",
        "",
        significant(s.maxAbsDiff),
        `${significant(s.maxRelDiff)} relative`,
      ],
    ],
  };
}

/** The time that was asked for, with 95 % intervals. */
function latencyRow({ batch, wanted, full, small, share }: LatencyReached): string[] {
  const time = ({ value, low, high }: Interval) =>
    `${milliseconds(value)} (${significant(low)} … ${significant(high)})`;
  const of = `${percent(share.value, 1)} of the time (${percent(share.low, 1)} … ${percent(share.high, 1)})`;
  return [`asked for ${milliseconds(wanted)}, batch ${batch}`, time(full), time(small), of];
}

function lowRankRows(lowRank: LowRank, lossy: boolean): string[][] {
  const difference = (what: string, x: number) => [what, "", "", `${significant(x)} relative`];
  return [
    changeRow(`singular values${lossy ? " (lossy)" : ""}`, count, singularValues(lowRank), "fewer", "more"),
    ...(lowRank.factors > 1 ? [difference("largest difference by composing back", lowRank.recomposedRelDiff)] : []),
    ...(lossy ? [difference("largest difference in all (lossy)", lowRank.smallRelDiff)] : []),
  ];
}

/** Per layer: the rank that is left, and what that saves. */
export function rankTable(layers: readonly RankRow[]): Table {
  const rows = layers.map((l) => [
    l.weight,
    `${count(l.rank)} of ${count(l.full)}`,
    becomes(l),
    count(l.params.before),
    count(l.params.after),
    percent(l.error, 1),
  ]);
  return { head: ["weight", "rank", "becomes", "weights before", "after", "relative error"], rows, text: [0, 2] };
}

const becomes = ({ split, rank, full, error }: RankRow): string => {
  if (split) return "two layers";
  if (rank === full) return "unchanged";
  return error > 0 ? "one layer of that rank: two would not be smaller" : "unchanged: two would not be smaller";
};

/** Per layer: what it was, how much of it is zero, what is left of it. */
export function layerTable(layers: readonly LayerRow[]): Table {
  const withNotes = layers.some((l) => l.note);
  const small = layers.some((l) => l.smallShape || l.rank);
  const rows = layers.map((l) => [
    l.name,
    shapeText(l.shape),
    ...(small ? [l.smallShape ? shapeText(l.smallShape) : l.rank ? `rank ${l.rank}` : "removed"] : []),
    count(l.params),
    l.groups ? count(l.groups) : "–",
    l.groups ? count(l.zeroGroups) : "–",
    percent(l.sparsity, 1),
    ...(withNotes ? [l.note ?? ""] : []),
  ]);
  const head = [
    "layer",
    "shape",
    ...(small ? ["after"] : []),
    "parameters",
    "input channels",
    "of them zero",
    "zero weights",
    ...(withNotes ? ["kept because"] : []),
  ];
  return { head, rows, text: withNotes ? [0, head.length - 1] : [0] };
}

/** The certificate's reasons in words. */
const BECAUSE: Readonly<Record<string, string>> = {
  unread: "nothing reads it: every weight that would is zero",
  zero: "it carries nothing but zero",
  "folded constant": "it carries a constant, which moved into the bias that follows",
};

/** What the certificate lists, counted by tensor and reason. */
export function removalTable(removals: readonly RemovalRow[]): Table {
  return {
    head: ["tensor", "axis", "slices removed", "because"],
    text: [0, 3],
    rows: removals.map((r) => [
      r.tensor,
      r.axis === null ? "whole" : String(r.axis),
      count(r.count),
      BECAUSE[r.reason] ?? r.reason,
    ]),
  };
}

/** Text as Markdown that shows it as it is. */
export const markdownText = (text: string): string => text.replaceAll(/[\\`*_[<|]/g, "\\$&").replaceAll("\n", " ");

/** The table in GitHub's Markdown, columns padded so that it also reads well as plain text. Cells are text, not Markdown. */
export function markdown({ head, rows, text }: Table): string {
  const cells = [head, ...rows].map((row) => row.map(markdownText));
  const width = head.map((_, j) => Math.max(3, ...cells.map((row) => [...(row[j] ?? "")].length)));
  const pad = (cell: string, j: number) => {
    const blank = " ".repeat(width[j] - [...cell].length);
    return text.includes(j) ? cell + blank : blank + cell;
  };
  const line = (row: readonly string[]) => `| ${row.map(pad).join(" | ")} |`;
  const rule = `|${width.map((w, j) => (text.includes(j) ? ` ${"-".repeat(w)} ` : ` ${"-".repeat(w - 1)}: `)).join("|")}|`;
  return [line(cells[0]), rule, ...cells.slice(1).map(line)].join("\n");
}
