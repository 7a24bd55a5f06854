/** A campaign's figures as Markdown. */
import { count, markdown } from "espalier";
import type { Fault, SuiteCount } from "./record.ts";

/** Cases by what they came to: "1,204 done, 3,310 invalid-file, 12 mismatch". */
const outcomesText = (outcomes: Readonly<Record<string, number>>): string =>
  Object.entries(outcomes)
    .sort(([, a], [, b]) => b - a)
    .map(([outcome, n]) => `${count(n)} ${outcome}`)
    .join(", ");

/** One row per suite. */
export function suiteTable(suites: readonly SuiteCount[], faults: readonly Fault[]): string {
  const rows = suites.map((s) => [
    s.suite,
    s.about,
    count(s.cases),
    outcomesText(s.outcomes),
    `${s.slowestSeconds.toFixed(2)} s`,
    `${s.peakMb.toFixed(0)} MB`,
    count(faults.filter((f) => f.suite === s.suite).reduce((n, f) => n + f.count, 0)),
  ]);
  return markdown({
    head: ["suite", "tries", "cases", "came to", "slowest", "peak memory", "faults"],
    text: [0, 1, 3],
    rows,
  });
}

/** One row per fault. */
export function faultTable(faults: readonly Fault[]): string {
  const rows = faults.map((f) => [
    count(f.count),
    f.suite,
    f.kind,
    f.place,
    f.message.split("\n")[0].slice(0, 160).replaceAll("|", "\\|"),
    f.repeat,
  ]);
  return markdown({
    head: ["count", "suite", "what", "where", "first message", "to repeat the first"],
    text: [1, 2, 3, 4, 5],
    rows,
  });
}
