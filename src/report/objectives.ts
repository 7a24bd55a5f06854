/** What a sweep looks for, from what files keep. */
import { count, fileSize, milliseconds, percent, significant } from "./format.ts";
import type { EpochMetrics, Summary } from "./results.ts";

/** One thing that is made as large or as small as possible. */
export interface Objective {
  readonly head: string;
  readonly better: "higher" | "lower";
  /** Of a finished run; null where it has none. */
  readonly of: (s: Summary, last: EpochMetrics | undefined) => number | null;
  /** Of a run on its way, as far as an epoch tells: sizes by the weights that are not in zero groups yet. */
  readonly atEpoch: (m: EpochMetrics) => number | null;
  readonly show: (x: number) => string;
}

const notZero = (m: EpochMetrics): number => 1 - (m.dual ?? m).weightedGroupSparsity;
const whole = (show: (x: number) => string, of: (s: Summary) => number): Objective => ({
  head: "",
  better: "lower",
  of,
  atEpoch: notZero,
  show,
});

const table = {
  accuracy: {
    head: "accuracy",
    better: "higher",
    of: (s, last) => last?.valAccuracy ?? s.smallAccuracy,
    atEpoch: (m) => m.valAccuracy ?? m.testAccuracy,
    show: percent,
  },
  loss: {
    head: "loss",
    better: "lower",
    of: (s, last) => last?.valLoss ?? s.smallLoss,
    atEpoch: (m) => m.valLoss ?? m.testLoss,
    show: significant,
  },
  params: { ...whole(count, (s) => s.params.after), head: "parameters" },
  macs: { ...whole(count, (s) => s.macs.after), head: "multiply-adds" },
  bytes: { ...whole(fileSize, (s) => s.bytes.after), head: "file" },
  ms: { ...whole(milliseconds, (s) => s.latencyMs.after), head: "latency" },
} satisfies Readonly<Record<string, Objective>>;

/** accuracy, loss (of validation samples where there are some, else of test samples), params, macs, bytes, ms of the small model. */
export type ObjectiveName = keyof typeof table;
export const objectives: Readonly<Record<ObjectiveName, Objective>> = table;
/** The names of the objectives. */
export const objectiveNames = Object.keys(table) as ObjectiveName[];
