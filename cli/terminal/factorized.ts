/** What `factorize` came to: its JSON document and its text. */
import {
  type BeforeAfter,
  changeRow,
  count,
  fileSize,
  percent,
  type RankRow,
  rankTable,
  type Skipped,
  significant,
  type Table,
  type Verification,
  visible,
} from "espalier";
import type { Output } from "./output.ts";
import { terminalTable } from "./terminal-table.ts";

/** Before and after truncation, and after fine-tuning; the accuracy null outside classification. */
interface Scores<T> {
  readonly before: T;
  readonly truncated: T;
  readonly after: T;
}

export interface FactorizedFile {
  readonly in: string;
  readonly out: string;
  readonly rule: string;
  readonly lossy: true;
  readonly layers: readonly RankRow[];
  /** Weights that are left alone. */
  readonly skipped: readonly Skipped[];
  readonly params: BeforeAfter;
  readonly macs: BeforeAfter;
  readonly bytes: BeforeAfter;
  /** With data only. */
  readonly accuracy?: Scores<number | null>;
  readonly loss?: Scores<number>;
  /** Epochs. */
  readonly fineTuned: number;
  readonly composedBack?: Verification;
}

export function factorizedText(done: FactorizedFile, out: Output): string {
  const { params, macs, bytes, accuracy, loss, composedBack } = done;
  const quality =
    typeof accuracy?.before === "number"
      ? [["test accuracy", percent(accuracy.before), percent(accuracy.after), "lossy"]]
      : loss
        ? [["test loss", significant(loss.before), significant(loss.after), "lossy"]]
        : [];
  const table: Table = {
    head: ["", "before", "after", "change"],
    text: [0],
    rows: [
      ...quality,
      changeRow("parameters", count, params, "fewer", "more"),
      changeRow("multiply-adds per example", count, macs, "fewer", "more"),
      changeRow("file", fileSize, bytes, "smaller", "larger"),
    ],
  };
  return [
    terminalTable(rankTable(done.layers), out),
    ...done.skipped.map((skipped) => `  ${visible(skipped.weight)} is left alone: it ${skipped.why}`),
    "",
    terminalTable(table, out),
    "",
    ...(composedBack
      ? [`composed back, it agrees with the factors: ${significant(composedBack.maxRel)} relative`]
      : []),
    `wrote ${done.out}; truncation is lossy${loss ? "" : " (say --data to see the accuracy)"}`,
  ].join("\n");
}
