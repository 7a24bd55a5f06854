/** Several methods on one problem, each with several seeds: what their runs came to, as means and sample deviations. */
import { mean, sampleDeviation } from "../math/statistics.ts";
import { milliseconds, percent, significant } from "./format.ts";
import { isLossy } from "./low-rank.ts";
import type { EpochMetrics, Summary } from "./results.ts";
import type { Table } from "./table.ts";

/** One run that ended: it has a summary, or an error if it failed. */
export interface ComparedRun {
  readonly method: string;
  readonly seed: number;
  /** Its run directory, relative to the comparison's. */
  readonly folder: string;
  readonly summary?: Summary;
  readonly error?: string;
  readonly epochs: readonly EpochMetrics[];
}

/** Everything that the tables and charts of a comparison show. */
export interface Comparison {
  readonly title: string;
  /** In the order of the tables. */
  readonly methods: readonly string[];
  readonly seeds: readonly number[];
  /** Those that ended; the others are still to come. */
  readonly runs: readonly ComparedRun[];
  /** Shared settings, and those of each method. */
  readonly config: Readonly<Record<string, unknown>>;
  /** Versions, threads, device, platform. */
  readonly environment: Readonly<Record<string, string | number>>;
}

/** A figure over the runs that have it. */
export interface Spread {
  readonly mean: number;
  /** Sample standard deviation (n − 1); null of one run. */
  readonly std: number | null;
  readonly n: number;
}

/** null of no values */
export function spread(values: readonly number[]): Spread | null {
  const n = values.length;
  if (n === 0) return null;
  return { mean: mean(values), std: sampleDeviation(values), n };
}

interface Figure {
  readonly head: string;
  readonly of: (s: Summary) => number | null;
  /** How a mean and its deviation read. */
  readonly show: (s: Spread) => string;
  /** Not in the tables, only in the files for machines. */
  readonly hidden?: boolean;
}

const plusMinus = (mean: string, std: string | undefined, unit: string): string =>
  std === undefined ? `${mean}${unit}` : `${mean} ± ${std}${unit}`;
const inPercent = ({ mean, std }: Spread): string =>
  plusMinus((mean * 100).toFixed(2), std === null ? undefined : (std * 100).toFixed(2), " %");
/** The deviation with as many decimals as the mean. */
const inUnits =
  (unit: string) =>
  ({ mean, std }: Spread): string => {
    const text = significant(mean);
    const decimals = text.includes("e") ? undefined : (text.split(".")[1]?.length ?? 0);
    const deviation = std === null ? undefined : decimals === undefined ? significant(std) : std.toFixed(decimals);
    return plusMinus(text, deviation, unit);
  };
const inEpochs = ({ mean, std }: Spread): string =>
  std === null ? String(mean) : plusMinus(mean.toFixed(1), std.toFixed(1), "");

/** A run that drives nothing to zero, or did not succeed in it. */
const isIdle = (s: Summary): boolean => s.prunes === "nothing" || s.groupSparsity === 0;

/** What is compared, in the order of the tables. Fractions are in 0 … 1. */
const figures = {
  accuracy: { head: "accuracy", of: (s) => s.accuracy, show: inPercent },
  smallAccuracy: { head: "small model", of: (s) => s.smallAccuracy, show: inPercent },
  loss: { head: "test loss", of: (s) => s.loss, show: inUnits("") },
  groupSparsity: { head: "zero groups", of: (s) => s.groupSparsity, show: inPercent },
  weightedGroupSparsity: { head: "weights in zero groups", of: (s) => s.weightedGroupSparsity, show: inPercent },
  elementSparsity: { head: "zero weights", of: (s) => s.elementSparsity, show: inPercent },
  inputChannelSparsity: {
    head: "zero input channels",
    of: (s) => s.inputChannel.groupSparsity,
    show: inPercent,
    hidden: true,
  },
  weightedInputChannelSparsity: {
    head: "weights in zero input channels",
    of: (s) => s.inputChannel.weightedGroupSparsity,
    show: inPercent,
    hidden: true,
  },
  paramsKept: { head: "parameters kept", of: (s) => s.params.after / s.params.before, show: inPercent },
  macsKept: { head: "MACs kept", of: (s) => s.macs.after / s.macs.before, show: inPercent },
  latencyRatio: { head: "faster", of: (s) => s.latencyMs.before / s.latencyMs.after, show: inUnits("×") },
  msPerStep: { head: "training step", of: (s) => s.msPerStep, show: inUnits(" ms") },
  structureStableSince: {
    head: "stable since epoch",
    of: (s) => (isIdle(s) ? null : s.structureStableSince),
    show: inEpochs,
  },
} satisfies Readonly<Record<string, Figure>>;
type FigureName = keyof typeof figures;
const names = Object.keys(figures) as FigureName[];
const figure = (name: FigureName): Figure => figures[name];

/** What the runs of one method came to. */
export interface MethodResult {
  readonly method: string;
  readonly finished: number;
  readonly failed: number;
  /** Finished runs whose small model computes something else than the full one, because singular values were truncated. */
  readonly lossy: number;
  /** Whether nothing is zero in any run of it, so that no structure can stand still. */
  readonly idle: boolean;
  /** Over the finished runs; null when none has the figure. */
  readonly figures: Readonly<Record<FigureName, Spread | null>>;
}

/** One result per method, in the comparison's order. Failed runs count, and enter no mean. */
export function methodResults({ methods, runs }: Pick<Comparison, "methods" | "runs">): MethodResult[] {
  return methods.map((method) => {
    const own = runs.filter((r) => r.method === method);
    const summaries = own.flatMap((r) => r.summary ?? []);
    const over = (name: FigureName) => spread(summaries.map(figure(name).of).filter((x) => x !== null));
    return {
      method,
      finished: summaries.length,
      failed: own.length - summaries.length,
      lossy: summaries.filter(isLossy).length,
      idle: summaries.length > 0 && summaries.every(isIdle),
      figures: Object.fromEntries(names.map((name) => [name, over(name)])) as MethodResult["figures"],
    };
  });
}

/** Whether tables and charts show the accuracy, which they do as long as no run says that there is none, or else the test loss. */
export function isScored({ runs }: Pick<Comparison, "runs">): boolean {
  const summaries = runs.flatMap((r) => r.summary ?? []);
  return summaries.length === 0 || summaries.some((s) => s.accuracy !== null);
}

/** What the loss bought, or cost. */
const ofSmall: readonly FigureName[] = ["smallAccuracy", "paramsKept", "macsKept"];

/** A figure as the tables show it; it says when some runs lack it, and when the small model is not the same function. */
function cell(name: FigureName, { figures: all, finished, lossy, idle }: MethodResult): string {
  const s = all[name];
  if (s === null) return name === "structureStableSince" && finished > 0 && !idle ? "not yet" : "–";
  const some = s.n < finished ? ` (${s.n} of ${finished})` : "";
  return figure(name).show(s) + some + (lossy > 0 && ofSmall.includes(name) ? " (lossy)" : "");
}

/** One row per method. Without classes the test loss stands for the accuracies. */
export function methodTable(comparison: Comparison): Table {
  const results = methodResults(comparison);
  const instead: readonly FigureName[] = isScored(comparison) ? ["loss"] : ["accuracy", "smallAccuracy"];
  const shown = names.filter((name) => !figure(name).hidden && !instead.includes(name));
  const planned = comparison.seeds.length;
  const ended = ({ finished, failed }: MethodResult) =>
    `${finished} of ${planned}${failed > 0 ? `, ${failed} failed` : ""}`;
  return {
    head: ["method", ...shown.map((name) => figure(name).head), "runs finished"],
    text: [0],
    rows: results.map((r) => [r.method, ...shown.map((name) => cell(name, r)), ended(r)]),
  };
}

/** One row per run that ended: what a mean may hide. */
export function runTable({ runs }: Pick<Comparison, "runs">): Table {
  return {
    head: ["run", "seed", "accuracy", "zero groups", "zero weights", "parameters kept", "training step", "outcome"],
    text: [0, 7],
    rows: runs.map(({ method, seed, summary: s, error = "failed" }) => [
      method,
      String(seed),
      ...(s
        ? [
            s.accuracy === null ? "–" : percent(s.accuracy),
            percent(s.groupSparsity),
            percent(s.elementSparsity),
            percent(s.params.after / s.params.before),
            milliseconds(s.msPerStep),
            isLossy(s) ? "finished, truncated (lossy)" : "finished",
          ]
        : ["–", "–", "–", "–", "–", error.split("\n")[0]]),
    ]),
  };
}

/**
 * One row per method for spreadsheets: mean and deviation in columns of their own, numbers in full. A name that a spreadsheet
 * would take for a formula stands behind an apostrophe.
 */
export function methodCsv(comparison: Pick<Comparison, "methods" | "runs">): string {
  const inert = (text: string) => (/^[=+\-@\t\r]/.test(text) ? `'${text}` : text);
  const quoted = (text: string) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  const head = ["method", "finished", "failed", "lossy", ...names.flatMap((name) => [name, `${name}Std`])];
  const rows = methodResults(comparison).map(({ method, finished, failed, lossy, figures: all }) => [
    quoted(inert(method)),
    finished,
    failed,
    lossy,
    ...names.flatMap((name) => [all[name]?.mean ?? "", all[name]?.std ?? ""]),
  ]);
  return [head, ...rows].map((row) => `${row.join(",")}\n`).join("");
}
