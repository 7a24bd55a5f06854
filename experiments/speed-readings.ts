/** What the tables of docs/performance.md say, in words that follow from their rows. */
import { median } from "espalier";
import type { EpochRow, InferenceRow, Overhead, WholeRow } from "./speed-tables.ts";

const unique = <T>(xs: readonly T[]): T[] => [...new Set(xs)];
const each = (parts: readonly string[], otherwise: string): string => parts.join(", ") || otherwise;

/** Which optimizers cost more than a seventh of a step. */
export function overheadReading({
  rows,
}: {
  readonly rows: readonly Pick<Overhead, "model" | "method" | "ratio">[];
}): string {
  return unique(rows.map((r) => r.model))
    .map((model) => {
      const dear = rows.filter((r) => r.model === model && r.ratio > 1.15);
      const named = dear.map(({ method, ratio }) => `${method} (${ratio.toFixed(2)})`);
      return `On ${model} more than 15 % dearer than momentum SGD: ${each(named, "none")}.`;
    })
    .join(" ");
}

/** Where an epoch, a start or a step's memory misses what is wanted of it. */
export function epochReading({ rows }: { readonly rows: readonly EpochRow[] }): string {
  const missed = rows.flatMap((row) => {
    if (row.kind === "start")
      return median(row.seconds) > row.wanted
        ? [`\`${row.command}\` takes longer than the ${row.wanted} s wanted`]
        : [];
    const ratio = row.kind === "epoch" ? row.ratio : row.espalier / row.torch;
    const what = row.kind === "epoch" ? `an epoch of ${row.model} takes` : `steps of ${row.model} need`;
    return ratio > 1 ? [`${what} ${ratio.toFixed(2)} of PyTorch's`] : [];
  });
  return missed.length
    ? `Behind what is wanted: ${missed.join("; ")}.`
    : "Nothing here is behind PyTorch or what is wanted.";
}

/** Whether widths of whole blocks are worth the channels that they keep. */
export function inferenceReading({ rows }: { readonly rows: readonly InferenceRow[] }): string {
  const pairs = rows
    .filter((r) => r.aligned)
    .flatMap((a) => {
      const odd = rows.find((r) => !r.aligned && r.model === a.model && r.batch === a.batch && r.gone === a.gone);
      return odd ? [{ a, odd }] : [];
    });
  const won = pairs.filter(({ a, odd }) => median(a.small.map((ms, i) => ms / odd.small[i])) < 1).length;
  const slower = rows.filter((r) => median(r.full.map((ms, i) => ms / r.small[i])) < 1).length;
  return `Multiples of 16, which keep more channels, are the faster ones in ${won} of ${pairs.length} pairs; ${slower} of ${rows.length} shrunk models are slower than the full one.`;
}

/** What shrinking on the way saves of a run, and how the run stands beside PyTorch's. */
export function wholeReading({ rows }: { readonly rows: readonly WholeRow[] }): string {
  return unique(rows.map((r) => r.model))
    .flatMap((model) => {
      const [shrinking, keeping, torch] = rows
        .filter((r) => r.model === model)
        .map(({ seconds }) => seconds.reduce((a, b) => a + b, 0));
      if (torch === undefined) return [];
      const [saved, beside] = [shrinking / keeping, shrinking / torch].map((x) => x.toFixed(2));
      return [`${model}: shrinking takes ${saved} of the time of the same run without, and ${beside} of PyTorch's.`];
    })
    .join(" ");
}
