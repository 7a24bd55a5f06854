/** The tables of docs/performance.md: optimizers, epochs, starts, shrunk models and whole runs. */
import { fileSize, markdown, median, percent, significant } from "espalier";
import { middleOf, ratioOf, spreadOf } from "./cells.ts";

/** A step with an optimizer beside momentum SGD's, in milliseconds, one number per round. */
export interface Overhead {
  readonly model: string;
  readonly method: string;
  readonly sgd: readonly number[];
  readonly ms: readonly number[];
  /** Median over the rounds of ms / sgd. */
  readonly ratio: number;
  /** Passes of the update over the parameters (bench/passes.ts); absent where a part of it runs on the host. */
  readonly passes?: number;
  readonly othersCores: number;
}

type Told = Pick<Overhead, "model" | "method" | "ratio" | "passes">;
/** One row per method, one column per model: the ratio, and how often the update passes over the parameters. */
export function overheadTable({ rows }: { readonly rows: readonly Told[] }): string {
  const models = [...new Set(rows.map((r) => r.model))];
  const methods = [...new Set(rows.map((r) => r.method))];
  const cell = (model: string, method: string) => {
    const { ratio, passes } = rows.find((r) => r.model === model && r.method === method) ?? {};
    return passes === undefined ? ratioOf(ratio) : `${ratioOf(ratio)}, ${passes.toFixed(0)} passes`;
  };
  return markdown({
    head: ["method", ...models],
    text: [0],
    rows: methods.map((method) => [method, ...models.map((model) => cell(model, method))]),
  });
}

/** What bench/epoch.ts measures, by kind. */
export type EpochRow =
  | {
      readonly kind: "epoch";
      readonly model: string;
      readonly samples: number;
      readonly test: number;
      /** Seconds of a whole epoch, one number per round. */
      readonly espalier: readonly number[];
      readonly torch: readonly number[];
      readonly ratio: number;
      /** Share of Espalier's epoch that its steps take. */
      readonly steps: number;
      readonly othersCores: number;
    }
  | { readonly kind: "start"; readonly command: string; readonly wanted: number; readonly seconds: readonly number[] }
  | {
      readonly kind: "memory";
      readonly model: string;
      readonly batch: number;
      readonly espalier: number;
      /** With cheap values computed again; rows of before that could be told lack it. */
      readonly recomputed?: number;
      readonly torch: number;
    };

const rowsOf = <K extends EpochRow["kind"]>(rows: readonly EpochRow[], kind: K) =>
  rows.filter((row): row is Extract<EpochRow, { kind: K }> => row.kind === kind);

/** Whole epochs, starts and memory: three tables. */
export function epochTables({ rows }: { readonly rows: readonly EpochRow[] }): string {
  const seconds = (xs: readonly number[]) => `${significant(median(xs))} s`;
  return [
    markdown({
      head: [
        "a whole epoch",
        "samples",
        "Espalier",
        "PyTorch",
        "Espalier / PyTorch",
        "over rounds",
        "steps' share of it",
      ],
      text: [0],
      rows: rowsOf(rows, "epoch").map(({ model, samples, espalier, torch, ratio, steps }) => [
        model,
        String(samples),
        seconds(espalier),
        seconds(torch),
        ratioOf(ratio),
        spreadOf(espalier.map((s, i) => s / torch[i])),
        percent(steps, 0),
      ]),
    }),
    markdown({
      head: ["from the command", "seconds", "over rounds", "wanted"],
      text: [0],
      rows: rowsOf(rows, "start").map(({ command, seconds: all, wanted }) => [
        command,
        median(all).toFixed(2),
        spreadOf(all),
        `≤ ${wanted}`,
      ]),
    }),
    markdown({
      head: [
        "peak memory of steps",
        "batch",
        "Espalier",
        "--recompute",
        "PyTorch",
        "Espalier / PyTorch",
        "--recompute / it",
      ],
      text: [0],
      rows: rowsOf(rows, "memory").map(({ model, batch, espalier, recomputed, torch }) => [
        model,
        String(batch),
        fileSize(espalier),
        recomputed === undefined ? "–" : fileSize(recomputed),
        fileSize(torch),
        ratioOf(espalier / torch),
        recomputed === undefined ? "–" : ratioOf(recomputed / torch),
      ]),
    }),
  ].join("\n\n");
}

/** A shrunk model beside the full one, in milliseconds per call, one number per round. */
export interface InferenceRow {
  readonly model: string;
  readonly batch: number;
  /** Share of each layer's channels that is gone, and whether what is left is a multiple of 16. */
  readonly gone: number;
  readonly aligned: boolean;
  readonly params: number;
  readonly macs: number;
  readonly full: readonly number[];
  readonly small: readonly number[];
  readonly othersCores: number;
}

const faster = ({ full, small }: InferenceRow): number => median(full.map((ms, i) => ms / small[i]));

/** Shrunk against full: the limit of what can be gained is what the products save. */
export function inferenceTable({ rows }: { readonly rows: readonly InferenceRow[] }): string {
  return markdown({
    head: [
      "model",
      "batch",
      "channels gone",
      "widths",
      "parameters kept",
      "MACs kept",
      "full",
      "shrunk",
      "faster",
      "limit by MACs",
    ],
    text: [0, 3],
    rows: rows.map((row) => [
      row.model,
      String(row.batch),
      percent(row.gone, 0),
      row.aligned ? "multiples of 16" : "odd",
      percent(row.params),
      percent(row.macs),
      middleOf(row.full),
      middleOf(row.small),
      `${faster(row).toFixed(1)}×`,
      `${(1 / row.macs).toFixed(1)}×`,
    ]),
  });
}

/** A whole run, epoch by epoch in turn with the others of its group. */
export interface WholeRow {
  readonly model: string;
  readonly side: string;
  readonly seed: number;
  /** Of the share of the parameters; null: dense. */
  readonly keep: number | null;
  readonly testAccuracy: number;
  /** Of the trained groups, and of the parameters of what is written at the end. */
  readonly groupSparsity: number | null;
  readonly params: number;
  /** Of each epoch: steps, evaluation and what belongs to them. */
  readonly seconds: readonly number[];
  /** Cores that other programs used, in the epoch where they used most; 0 where it is not known. */
  readonly othersCores: number;
}

const total = ({ seconds }: WholeRow): number => seconds.reduce((a, b) => a + b, 0);

/** Whole runs: what each reaches, how long it takes, and beside the run without shrinking. */
export function wholeTable({ rows }: { readonly rows: readonly WholeRow[] }): string {
  const base = (of: WholeRow, side: string) =>
    rows.find((r) => r.model === of.model && r.seed === of.seed && r.side === side);
  const beside = (row: WholeRow, side: string): string => {
    const other = base(row, side);
    return other ? (total(row) / total(other)).toFixed(2) : "–";
  };
  return markdown({
    head: [
      "model",
      "run",
      "accuracy",
      "zero groups",
      "parameters",
      "seconds",
      "last epoch",
      "/ not shrinking",
      "/ PyTorch",
    ],
    text: [0, 1],
    rows: rows.map((row) => [
      row.model,
      row.side,
      percent(row.testAccuracy),
      row.groupSparsity === null ? "–" : percent(row.groupSparsity),
      row.params.toLocaleString("en-US"),
      total(row).toFixed(0),
      `${significant(row.seconds.at(-1)!)} s`,
      beside(row, "Espalier, not shrinking"),
      beside(row, "PyTorch, dense"),
    ]),
  });
}
