/** A time as the target, beside a share of the parameters: the section of docs/results.md. */
import { type Interval, markdown, percent } from "espalier";
import type { Section } from "./sections.ts";

/** What came of a run that was steered. */
export interface SteeredRun {
  /** The share that was asked for: of the time, or of the parameters. */
  readonly keep: number;
  readonly accuracy: number;
  /** Of the whole network's. */
  readonly time: Pick<Interval, "value" | "low" | "high">;
  /** Milliseconds of the whole network and of the small one. */
  readonly ms: readonly [full: number, small: number];
  /** What is left. */
  readonly params: number;
  readonly macs: number;
}

/** One network. */
export interface LatencyRow {
  readonly model: string;
  readonly optimizer: string;
  readonly epochs: number;
  /** Of the dense run. */
  readonly accuracy: number;
  /** The run that every network made. */
  readonly asked: SteeredRun;
  /** Others, to smaller shares of the time, and to shares of the parameters; none where they were not made. */
  readonly byTime: readonly SteeredRun[];
  readonly byParams: readonly SteeredRun[];
  readonly othersCores: number;
}

/** How much less accurate than the dense run the fastest may be that are compared. */
export const DROP = 0.02;
const NEAR = 0.05;

const timeText = ({ value, low, high }: SteeredRun["time"]) =>
  `${percent(value, 1)} (${percent(low, 1)} … ${percent(high, 1)})`;
const runText = (run: SteeredRun | undefined) => (run ? `${timeText(run.time)}, ${percent(run.accuracy)}` : "none");

/** The fastest of those that are accurate enough. */
const fastest = (runs: readonly SteeredRun[], { accuracy }: LatencyRow): SteeredRun | undefined =>
  runs.filter((p) => p.accuracy >= accuracy - DROP).sort((a, b) => a.time.value - b.time.value)[0];

/** The fastest by the time and by the parameters. */
const pairOf = (row: LatencyRow) => ({
  time: fastest([row.asked, ...row.byTime], row),
  params: fastest(row.byParams, row),
});

/** "Of 2 networks, 2 become faster …" */
function verdict(rows: readonly LatencyRow[]): string {
  const compared = rows.filter((r) => r.byParams.length > 0).map(pairOf);
  const faster = compared.filter(({ time, params }) => time && (!params || time.time.high < params.time.low));
  return `Of ${compared.length} networks that were steered to smaller times and to shares of the parameters as well, ${faster.length} ${faster.length === 1 ? "becomes" : "become"} faster by the time than by the parameters before ${percent(DROP, 0)} of the digits are lost.`;
}

export const latencySection: Section<LatencyRow> = {
  path: "experiments/results/latency-target.json",
  command: "node dist/experiments/latency-target.js",
  title: ({ settings }) =>
    `A time as the target: ${percent(Number(settings["share"]), 0)} of a network's time at batch ${settings["batch"]}`,
  table: ({ rows }) =>
    markdown({
      head: ["network", "dense", "time at the end", "accuracy", "fastest by time", "fastest by parameters"],
      text: [0],
      rows: rows.map((r) => {
        const { time, params } = pairOf(r);
        return [
          r.model,
          percent(r.accuracy),
          timeText(r.asked.time),
          percent(r.asked.accuracy),
          ...(r.byParams.length > 0 ? [runText(time), runText(params)] : ["", ""]),
        ];
      }),
    }),
  notes: ({ rows, settings: s }) => {
    const usual = (r: LatencyRow) => r.epochs === s["epochs"] && r.optimizer === s["optimizer"];
    const others = rows.flatMap((r) => (usual(r) ? [] : `; ${r.model} of ${r.epochs} with ${r.optimizer}`)).join("");
    const near = rows.filter(({ asked }) => Math.abs(asked.time.value / asked.keep - 1) <= NEAR);
    return [
      `${near.length} of ${rows.length} are within ${percent(NEAR, 0)} of the time that was asked for. ${verdict(rows)}`,
      `Every network is one run of ${s["epochs"]} epochs of ${s["train"]} drawn digits with ${s["optimizer"]}, λ ${s["lambda"]}, seed ${s["seed"]}${others}. Times are of one thread, shares of the whole network's with 95 % intervals, measured anew after the run. The fastest are at most ${percent(Number(s["drop"]), 0)} of the test's ${s["test"]} digits less accurate than the dense run; both shares were halved towards the smallest that is, and the runs differ in the target and in the weights of groups that belong to it. Others used up to ${Math.max(...rows.map((r) => r.othersCores)).toFixed(2)} cores meanwhile.`,
    ];
  },
};
