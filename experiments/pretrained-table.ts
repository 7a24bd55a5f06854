/** The table of the experiment with trained networks: what is lost by each way, over its seeds. */
import { markdown, mean, percent, type settingsOf } from "espalier";
import type { Committed } from "./committed.ts";
import { meanStd } from "./record.ts";

export interface PretrainedRow {
  readonly seed: number;
  readonly way: string;
  /** Test accuracy with nothing trained since the cut. */
  readonly cut: number;
  /** After the training that follows. */
  readonly tuned?: number;
  /** The shares that are kept. */
  readonly kept: { readonly macs: number; readonly params: number };
  /** Of training. */
  readonly seconds?: number;
  /** The settings of the run, as it resolved them. */
  readonly ran?: ReturnType<typeof settingsOf>;
}

const spread = (xs: readonly number[]): string => {
  const { mean, std } = meanStd(xs);
  return `${percent(mean)} ± ${percent(std)}`;
};

/** One row per way. */
export function pretrainedTable({ rows }: Pick<Committed<PretrainedRow>, "rows">): string {
  const ways = [...new Set(rows.map((r) => r.way))];
  return markdown({
    head: ["", "MACs kept", "parameters kept", "accuracy at the cut", "after fine-tuning"],
    text: [0],
    rows: ways.map((way) => {
      const own = rows.filter((r) => r.way === way);
      const tuned = own.flatMap((r) => (r.tuned === undefined ? [] : [r.tuned]));
      return [
        way,
        percent(mean(own.map((r) => r.kept.macs))),
        percent(mean(own.map((r) => r.kept.params))),
        spread(own.map((r) => r.cut)),
        tuned.length ? spread(tuned) : "–",
      ];
    }),
  });
}

/** What the teacher changed, in points, mean over seeds: "after pruning −0.81, steered −0.10". */
export function teachersPart({ rows }: Pick<Committed<PretrainedRow>, "rows">): string {
  const tuned = (way: string) => mean(rows.flatMap((r) => (r.way === way && r.tuned !== undefined ? [r.tuned] : [])));
  const part = (way: string) => {
    const points = 100 * (tuned(`${way}, distilled`) - tuned(way));
    return `${points < 0 ? "−" : "+"}${Math.abs(points).toFixed(2)}`;
  };
  return `after pruning ${part("prune")}, steered ${part("steered")}`;
}
